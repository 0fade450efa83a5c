/**
 * The Redis ledger beside a plain INCR and rate-limiter-flexible's union of five, on a Redis of its own
 * on this machine: `node bench/redis-ledger.ts`. Seconds per figure: `SECONDS=4`.
 */
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterUnion } from 'rate-limiter-flexible';
import { redisLedger } from '../src/ledger/redis-ledger.ts';
import { redisBinary, startRedis } from '../test/ledger/servers/redis-server.ts';
import { type Call, cycle, measure, userOf } from './store-cycle.ts';
import { figure, printTable } from './table.ts';

const IN_FLIGHT = [1, 32, 128];
const UNLIMITED = 1e12;

function unionOfFive(redis: Redis): Call {
  const limiters = [60, 3_600, 86_400, 604_800, 1_209_600].map(
    (duration) =>
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `w${duration}`,
        points: UNLIMITED,
        duration,
      }),
  );
  const union = new RateLimiterUnion(...limiters);
  return (index) => union.consume(`user:${userOf(index)}`);
}

const binary = redisBinary();
if (binary === undefined) process.exit(1);
const server = await startRedis(binary);
const redis = new Redis(server.port, { enableAutoPipelining: false });
const ledger = redisLedger(redis, { deadlineMs: 20_000 });
const contenders: readonly [string, Call][] = [
  ['INCR, own key', (index) => redis.incr(`plain:${userOf(index)}`)],
  ['rate-limiter-flexible, union of 5', unionOfFive(redis)],
  ['reserve + settle, 5 limits', cycle(ledger, false)],
  ['reserve + settle, 5 limits, one everybody’s', cycle(ledger, true)],
];
const rows: string[][] = [];
for (const inFlight of IN_FLIGHT) {
  for (const [name, call] of contenders) {
    const { perSecond, p50, p99 } = await measure(call, inFlight);
    rows.push([name, `${inFlight}`, figure(perSecond), figure(p50), figure(p99)]);
  }
}
printTable(['', 'in flight', 'per second', 'p50 ms', 'p99 ms'], rows);
await ledger.close();
redis.disconnect();
await server.close();
process.exit(0);
