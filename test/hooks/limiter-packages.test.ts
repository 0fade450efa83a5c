import { MemoryStore, type Options, type Store } from 'express-rate-limit';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { afterAll, describe, expect, it } from 'vitest';
import type { Limiter } from '../../src/index.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { startHooked } from './fixture.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
const redis = server === undefined ? undefined : new Redis(server.port);
afterAll(async () => {
  redis?.disconnect();
  await server?.close();
});

const points = 2;
const duration = 60;

/** As in docs/hooks.md. */
function flexible(limiter: RateLimiterMemory | RateLimiterRedis): Limiter {
  return async ({ key }) => {
    try {
      await limiter.consume(key);
      return { allowed: true };
    } catch (denied) {
      if (!(denied instanceof RateLimiterRes)) throw denied;
      return { allowed: false, resetsAtMs: Date.now() + denied.msBeforeNext };
    }
  };
}

/** As in docs/hooks.md. */
function ofStore(store: Store): Limiter {
  store.init?.({ windowMs: duration * 1_000 } as Options);
  return async ({ key }) => {
    const { totalHits, resetTime } = await store.increment(key);
    return { allowed: totalHits <= points, resetsAtMs: resetTime?.getTime() ?? Date.now() };
  };
}

const limiters: [string, () => Limiter][] = [
  ['rate-limiter-flexible in memory', () => flexible(new RateLimiterMemory({ points, duration }))],
  ['a store of express-rate-limit', () => ofStore(new MemoryStore())],
];
if (redis !== undefined) {
  const options = { storeClient: redis, points, duration };
  limiters.push(['rate-limiter-flexible on Redis', () => flexible(new RateLimiterRedis(options))]);
}

describe('Limiters of packages', () => {
  it.each(limiters)('A user is denied with the reset time of the package: %s', async (_, make) => {
    await using fixture = await startHooked({ limiters: [make()] });
    const statuses = [];
    for (let calls = 0; calls < 4; calls += 1) statuses.push((await fixture.ask()).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    const answer = await fixture.ask();
    const resetsInSeconds = Number(answer.headers.get('x-guard-reset')) - Date.now() / 1_000;
    expect(resetsInSeconds).toBeGreaterThan(0);
    expect(resetsInSeconds).toBeLessThan(duration + 2);
    expect([fixture.sent(), await fixture.taken()]).toEqual([2, 2]);
    const other = await fixture.guard.client('bob').chat.completions.create({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(other.choices).toHaveLength(1);
  });

  it('A store that is down denies by default, and allows with "onError": "allow"', async () => {
    const options = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null };
    const down = new Redis(1, options);
    down.on('error', () => {});
    const limit = flexible(new RateLimiterRedis({ storeClient: down, points, duration }));
    await using strict = await startHooked({ limiters: [limit] });
    expect((await strict.ask()).headers.get('x-guard-code')).toBe('hook_unavailable');
    await using lenient = await startHooked({ limiters: [{ limit, onError: 'allow' }] });
    expect((await lenient.ask()).status).toBe(200);
    down.disconnect();
  });
});
