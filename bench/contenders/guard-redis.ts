import { Redis } from 'ioredis';
import { toNodeHandler } from '../../src/http/node.ts';
import { redisLedger } from '../../src/ledger/redis-ledger.ts';
import { redisBinary, startRedis } from '../../test/ledger/servers/redis-server.ts';
import { benchCallers, benchGuard } from './bench-guard.ts';
import { contend, listen } from './contender.ts';

/** The guard with its counters in a Redis of its own, which is on neither core alone. */
await contend(async (upstreamURL) => {
  const binary = redisBinary();
  if (binary === undefined) throw new Error('There is no redis-server to measure on.');
  const server = await startRedis(binary);
  process.on('exit', () => server.process.kill());
  const ledger = redisLedger(new Redis(server.port));
  // With a core for two, a store may be slow without failing.
  const guard = benchGuard({ baseURL: `${upstreamURL}/v1`, ledger, timeouts: { ledger: '5s' } });
  const port = await listen(toNodeHandler(guard, { prefix: '/v1' }));
  return { port, callers: await benchCallers(guard) };
});
