import { Redis } from 'ioredis';
import { toNodeHandler } from '../../../src/http/node.ts';
import { redisLedger } from '../../../src/ledger/redis/redis-ledger.ts';
import { benchCallers, benchGuard } from './bench-guard.ts';
import { contend, listen } from './contender.ts';

/** The guard with its counters in Redis. The Redis server runs on any core. */
await contend(async ({ upstreamURL, redisPort }) => {
  if (redisPort === undefined) throw new Error('Redis is not available.');
  const ledger = redisLedger(new Redis(redisPort));
  // With two cores for three processes, a store may be slow without failing.
  const guard = benchGuard({ baseURL: `${upstreamURL}/v1`, ledger, timeouts: { ledger: '5s' } });
  const port = await listen(toNodeHandler(guard, { prefix: '/v1' }));
  return { port, callers: await benchCallers(guard) };
});
