import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { redisBinary, startRedis } from '../../test/ledger/servers/redis-server.ts';
import { cpuOf } from '../measure/cpu.ts';
import { userOf } from './cycle.ts';
import { FIVE_LIMITS, type Store, type StoreServer } from './store.ts';
import { unionOfFive } from './union-of-five.ts';

/** Each place is its own database on the one server. */
const DATABASES = 128;

interface RedisStoreServer extends StoreServer {
  readonly port: number;
}

/** The Redis ledger, compared with a plain INCR and a union of five limiters, on its own Redis. */
export const redisStore = {
  name: 'redis',
  inFlight: [1, 32, 128],
  variants: FIVE_LIMITS,
  start,
  ledgerIn: async (place, { redisLedger }) => redisLedger(clientOf(place), { deadlineMs: 20_000 }),
  peers: {
    plain: async (place) => {
      const redis = clientOf(place);
      return (index) => redis.incr(`plain:${userOf(index)}`);
    },
    union: async (place) => {
      const storeClient = clientOf(place);
      return unionOfFive((settings) => new RateLimiterRedis({ storeClient, ...settings }));
    },
  },
} satisfies Store;

const clientOf = (place: string): Redis => new Redis(place, { enableAutoPipelining: false });

async function start(): Promise<RedisStoreServer | undefined> {
  const binary = redisBinary();
  if (binary === undefined) return undefined;
  const {
    port,
    process: server,
    close,
  } = await startRedis(binary, ['--databases', `${DATABASES}`]);
  const stop = () => server.kill('SIGKILL');
  process.once('exit', stop);
  const redis = clientOf(`redis://127.0.0.1:${port}/0`);
  let places = 0;
  return {
    port,
    newPlace: async () => `redis://127.0.0.1:${port}/${++places}`,
    cpuUs: () => (server.pid === undefined ? undefined : cpuOf(server.pid)?.allUs),
    bytesIn: async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      process.off('exit', stop);
      await close();
    },
  };
}
