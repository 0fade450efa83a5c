import { once } from 'node:events';
import { Redis } from 'ioredis';
import { redisLedger } from '../../../src/ledger/redis/redis-ledger.ts';
import { faultProxy } from '../../../src/testing/fault-proxy.ts';
import { startRedis } from '../../ledger/servers/redis-server.ts';
import type { RemoteStore } from './remote-store.ts';

/** Longer than a busy process of this test stalls: ioredis counts that as silence of Redis too. */
const SOCKET_MS_MAX = 4_000;

/** A real Redis behind the proxy, with a client configured as in docs/ledgers/redis.md, but patient. */
export async function redisStore(binary: string, deadlineMs: number): Promise<RemoteStore> {
  let server = await startRedis(binary);
  const { port } = server;
  const proxy = await faultProxy({ host: '127.0.0.1', port });
  const client = new Redis(proxy.port, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 100,
    socketTimeout: SOCKET_MS_MAX,
  });
  client.on('error', () => {});
  await once(client, 'ready');
  const kill = async () => {
    const gone = once(server.process, 'exit');
    await server.close();
    await gone;
  };
  return {
    proxy,
    ledger: redisLedger(client, { deadlineMs }),
    signal: (signal) => void server.process.kill(signal),
    kill,
    async restart() {
      server = await startRedis(binary, [], port);
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await server.close();
      await proxy.close();
    },
  };
}
