import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe } from 'vitest';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { race } from './race/race.ts';
import { raceSuite } from './race/race-suite.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const MODULE = new URL('./race/redis-module.ts', import.meta.url);

describe.skipIf(server === undefined)('A Redis ledger', () => {
  raceSuite('Four processes on one Redis', async () => {
    const namespace = randomUUID();
    const client = new Redis(server?.port ?? 0);
    return {
      ledger: redisLedger(client, { namespace }),
      race: (job) => race(MODULE, [`${server?.port}`, namespace], job),
      [Symbol.asyncDispose]: async () => client.disconnect(),
    };
  });
});
