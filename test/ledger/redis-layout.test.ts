import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalanceRule } from '../../src/ledger/ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import {
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  HOUR_MS,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from './race/lasting.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const ever = (amount: number): BalanceRule => {
  return { kind: 'balance', key: 'tokens/ever', unit: 'tokens', amount };
};
const rules = [daily(9), rolling(9), rate(9, 9), concurrent(2), ever(9)];

let names = 0;
const freshName = () => `layout-${Date.now()}-${++names}`;
const hourOf = (ms: number) => Math.floor(ms / HOUR_MS) % 3;

describe.skipIf(server === undefined)('The keys of the ledger in Redis', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server?.port ?? 0);
  });
  afterAll(() => redis?.disconnect());

  /** Keys without their namespace, with their type and the days until they expire (0: never). */
  async function keysOf(namespace: string): Promise<Record<string, [string, number]>> {
    const keys = await redis.keys(`{${namespace}}:*`);
    const entries = keys.map(async (key): Promise<[string, [string, number]]> => {
      const days = Math.max(0, Math.ceil((await redis.pttl(key)) / DAY_MS));
      return [key.slice(namespace.length + 3), [await redis.type(key), days]];
    });
    return Object.fromEntries((await Promise.all(entries)).sort());
  }

  it('The ledger keeps the keys that docs/ledgers/redis.md and the README of src/ledger/redis describe', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace, clock: settableClock(START_MS) });
    const month = claim(rolling(9, 30 * DAY_MS), 'user:bob');
    await ledger.reserve('one', [claim(daily(9))], tokens(1), LEASE);
    await ledger.reserve('two', [month], tokens(1), LEASE);
    await ledger.settle('one', tokens(1));
    await ledger.credit('gift', [claim(daily(9))], tokens(1));
    expect(await keysOf(namespace)).toEqual({
      '4:a:user:ada': ['string', 5],
      '4:a:user:bob': ['string', 121],
      [`4:ended:${hourOf(START_MS)}`]: ['hash', 2],
      '4:holds': ['hash', 0],
      '4:leases': ['zset', 0],
    });
    const [ended, holds, leases] = [`ended:${hourOf(START_MS)}`, 'holds', 'leases'].map(
      (name) => `{${namespace}}:4:${name}`,
    );
    const withoutFiller = (members: string[]) => members.filter((name) => !name.startsWith('--'));
    expect(withoutFiller(await redis.hkeys(ended ?? '')).sort()).toEqual(['ggift', 'hone']);
    expect((await redis.hkeys(holds ?? '')).sort()).toEqual(['=', 'htwo']);
    expect(withoutFiller(await redis.zrange(leases ?? '', '0', '-1'))).toEqual(['htwo']);
    expect(await redis.zscore(leases ?? '', 'htwo')).toBe(`${START_MS + MINUTE_MS}`);
  });

  it('The ledger leaves the keys of earlier layouts alone and reads only its records', async () => {
    const namespace = freshName();
    const key = (name: string) => `{${namespace}}:${name}`;
    await redis.set(key('clock'), `${Date.now()}`);
    await redis.hset(key('s:user:ada'), { c: 'counters', m: '', p: '9', Lcall: 'lease' });
    await redis.set(key('hold:call'), 'held', 'PX', HOUR_MS);
    await redis.set(key('gift:gift'), '1', 'PX', HOUR_MS);
    await redis.set(key('2:a:user:ada'), 'an account');
    await redis.hset(key('2:holds'), { '=': 'state', hcall: 'hold' });
    await redis.zadd(key('2:leases'), 1, 'hcall');
    await redis.hset(key('r:user:bob'), { v: '{"blocked":true}', n: '3' });
    const before = await keysOf(namespace);
    const contents = async () => [
      await redis.hgetall(key('s:user:ada')),
      await redis.mget(key('hold:call'), key('gift:gift'), key('2:a:user:ada')),
      await redis.hgetall(key('2:holds')),
    ];
    const counted = await contents();

    const ledger = redisLedger(redis, { namespace });
    const claims = [claim(lasting(9)), claim(lasting(9), 'global')];
    expect((await ledger.read(claims)).map(({ used }) => used)).toEqual([0, 0]);
    expect(await ledger.settle('call', tokens(1))).toBe('unknown');
    expect(await ledger.credit('gift', claims, tokens(1))).toBe('done');
    expect(await ledger.reserve('call', claims, tokens(5), DISPATCHED)).toMatchObject({
      granted: true,
    });
    expect(await ledger.records.get('user:bob')).toEqual({ value: '{"blocked":true}', version: 3 });
    expect(await contents()).toEqual(counted);
    expect(await keysOf(namespace)).toMatchObject(before);
  });

  it('An account is kept until the debts of its rates are paid, however large a burst may be', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace, clock: settableClock(START_MS) });
    const perDay = claim({ ...rate(1, Number.MAX_SAFE_INTEGER), periodMs: DAY_MS });
    const keptDays = async () => (await keysOf(namespace))['4:a:user:ada']?.[1] ?? 0;
    await ledger.reserve('small', [perDay], tokens(1), DISPATCHED);
    expect(await keptDays()).toBe(4);
    await ledger.reserve('large', [perDay], tokens(49), DISPATCHED);
    expect(await keptDays()).toBe(200);
    await ledger.settle('large', tokens(149));
    expect(await keptDays()).toBe(600);
  });

  it('An account with a balance is kept for ever', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace, clock: settableClock(START_MS) });
    await ledger.credit('bought', [claim(ever(0))], tokens(5));
    const { '4:a:user:ada': [, days] = ['', 0] } = await keysOf(namespace);
    expect(days).toBeGreaterThan(20_000 * 365);
    await ledger.reserve('call', [claim(ever(0))], tokens(5), DISPATCHED);
    expect(await keysOf(namespace)).toMatchObject({ '4:a:user:ada': ['string', days] });
  });

  it('Ended ids are remembered for at least an hour and removed in the background by whole hours', async () => {
    const namespace = freshName();
    const clock = settableClock(START_MS);
    const ledger = redisLedger(redis, { namespace, clock });
    const monitor = await redis.monitor();
    const commands: string[] = [];
    monitor.on('monitor', (_time: string, [command = '']: string[]) => {
      commands.push(command.toLowerCase());
    });
    const end = async (id: string) => {
      await ledger.reserve(id, [claim(daily(99))], tokens(1), DISPATCHED);
      return ledger.settle(id, tokens(1));
    };
    const key = (ms: number) => `{${namespace}}:4:ended:${hourOf(ms)}`;
    await end('first');
    clock.set(START_MS + HOUR_MS);
    await end('second');
    clock.set(START_MS + 2 * HOUR_MS - 1);
    expect(await ledger.settle('first', tokens(1))).toBe('replayed');
    expect(await redis.exists(key(START_MS))).toBe(1);
    clock.set(START_MS + 2 * HOUR_MS);
    expect(await ledger.settle('second', tokens(1))).toBe('replayed');
    expect(await ledger.settle('first', tokens(1))).toBe('unknown');
    await end('third');
    expect(await redis.exists(key(START_MS))).toBe(0);
    // After a long pause all three are stale.
    clock.set(START_MS + 9 * HOUR_MS);
    await end('fourth');
    expect(await redis.exists(key(START_MS + HOUR_MS), key(START_MS + 2 * HOUR_MS))).toBe(0);
    await redis.echo('over');
    await expect.poll(() => commands.at(-1)).toBe('echo');
    expect(commands).toContain('unlink');
    expect(commands).not.toContain('del');
    monitor.disconnect();
  });

  it('Held amounts never fall below zero when an account was evicted under a hold', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace, clock: settableClock(START_MS) });
    const claims = rules.map((rule) => claim(rule));
    await ledger.reserve('evicted', claims, tokens(3), DISPATCHED);
    await redis.del(`{${namespace}}:4:a:user:ada`);
    await ledger.reserve('other', claims, tokens(1), DISPATCHED);
    expect(await ledger.settle('evicted', tokens(2))).toBe('done');
    const held = (await ledger.read(claims)).map((balance) => balance.held);
    expect(held).toEqual([0, 0, 0, 0, 0]);
    expect(await ledger.release('other')).toBe('done');
    expect((await ledger.read(claims)).map((balance) => balance.held)).toEqual([0, 0, 0, 0, 0]);
  });

  it('Held amounts are forgiven and used amounts are kept when the table of holds was evicted', async () => {
    const namespace = freshName();
    const clock = settableClock(START_MS);
    const ledger = redisLedger(redis, { namespace, clock });
    const claims = rules.map((rule) => claim(rule));
    await ledger.reserve('one', claims, tokens(2), DISPATCHED);
    await ledger.settle('one', tokens(2));
    await ledger.reserve('two', claims, tokens(3), DISPATCHED);
    await redis.del(`{${namespace}}:4:holds`);
    clock.set(START_MS + 1);
    expect((await ledger.read(claims)).map(({ used, held }) => [used, held])).toEqual([
      [2, 0],
      [2, 0],
      [5, 0],
      [0, 0],
      [2, 0],
    ]);
    expect(await ledger.settle('two', tokens(3))).toBe('unknown');
    expect(await ledger.reserve('three', claims, tokens(1), DISPATCHED)).toMatchObject({
      granted: true,
      balances: [{ held: 1 }, { held: 1 }, { used: 6 }, { held: 1 }, { held: 1 }],
    });
  });

  it('Leases end even if their index was evicted', async () => {
    const namespace = freshName();
    const clock = settableClock(START_MS);
    const ledger = redisLedger(redis, { namespace, clock });
    const claims = [claim(lasting(9))];
    await ledger.reserve('old', claims, tokens(1), DISPATCHED);
    await redis.del(`{${namespace}}:4:leases`);
    clock.set(START_MS + 1);
    await ledger.reserve('new', claims, tokens(1), { ...DISPATCHED, durationMs: DAY_MS });
    clock.set(START_MS + 2 * MINUTE_MS);
    expect((await ledger.read(claims))[0]).toMatchObject({ used: 1, held: 1 });
  });

  it('The account of a hold that is renewed for days is kept', async () => {
    const namespace = freshName();
    const clock = settableClock(START_MS);
    const ledger = redisLedger(redis, { namespace, clock });
    const other = redisLedger(redis, { namespace, clock });
    const key = `{${namespace}}:4:a:user:ada`;
    await ledger.reserve('call', [claim(concurrent(2))], tokens(1), LEASE);
    await redis.pexpire(key, HOUR_MS);
    for (const days of [1, 3]) {
      // Like a process that renews in time: only the clock of this test jumps.
      const durationMs = days * DAY_MS;
      expect(await other.renew('call', { durationMs, dispatched: true })).toBe(true);
    }
    expect(await redis.pttl(key)).toBeGreaterThan(3 * DAY_MS);
    clock.set(START_MS + 3 * DAY_MS - 1);
    expect((await ledger.read([claim(concurrent(2))]))[0]).toMatchObject({ held: 1 });
  });

  it('A "durable" ledger starts on an empty Redis, even if changes are watched first', async () => {
    const ledger = redisLedger(redis, { namespace: freshName(), durable: true });
    const stop = ledger.records.watch(() => {});
    await redis.ping();
    expect(await ledger.records.put('user:ada', '1')).toBe(true);
    expect((await ledger.read([claim(daily(9))]))[0]).toMatchObject({ used: 0 });
    expect(await ledger.records.put('user:ada', '2')).toBe(true);
    stop();
    await ledger.close();
  });
});
