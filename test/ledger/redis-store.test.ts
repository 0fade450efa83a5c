import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { type RedisClient, redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { claim, DISPATCHED, rate, tokens } from '../../src/testing/ledger-conformance/case.ts';
import { EVERY_LEVEL } from './every-level.ts';
import { assertKeepsNoSecret } from './keeps-no-secret.ts';
import { lasting } from './race/lasting.ts';
import { freshLedger } from './servers/redis-clients.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const claims = ['token:x', 'user:ada', 'global'].map((subject) => claim(lasting(9), subject));

describe.skipIf(server === undefined)('A ledger on a real Redis', () => {
  let redis: Redis;
  let client: RedisClient;
  beforeAll(() => {
    redis = new Redis(server?.port ?? 0, { retryStrategy: () => 20 });
    redis.on('error', () => {});
    client = redis;
  });
  afterAll(() => redis?.disconnect());

  /** Resolves when there is a subscriber to the changes of a namespace. */
  const isHeard = (namespace: string) =>
    expect.poll(() => redis.call('PUBSUB', 'CHANNELS', `*${namespace}*`)).toHaveLength(1);

  it('Each verb is one Redis command, whatever limits apply', async () => {
    const ledger = freshLedger(client);
    let calls = 0;
    const reserve = async () => {
      calls += 1;
      const decision = await ledger.reserve(`call-${calls}`, EVERY_LEVEL, tokens(1), DISPATCHED);
      expect(decision).toMatchObject({ granted: true, wouldDeny: expect.any(Array) });
    };
    const scripts = [
      reserve,
      () => ledger.renew(`call-${calls}`, DISPATCHED),
      () => ledger.settle(`call-${calls}`, tokens(1)),
      () => ledger.release(`call-${calls}`),
      () => ledger.credit(`bought-${calls}`, EVERY_LEVEL, tokens(1)),
      () => ledger.read(EVERY_LEVEL),
      () => ledger.records.put('key', '1'),
      () => ledger.records.get('key'),
      () => ledger.records.delete('key'),
    ];
    // The server loads the scripts at their first use.
    for (const verb of scripts) await verb();
    const monitor = await redis.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
      if (source !== 'lua') seen.push(command.toLowerCase());
    });
    for (const verb of scripts) await verb();
    await redis.echo('over');
    await expect.poll(() => seen.at(-1)).toBe('echo');
    expect(seen.slice(0, -1)).toEqual(scripts.map(() => 'evalsha'));
    monitor.disconnect();
  });

  it('Records that have ended leave the lists of keys as others are written, even if nothing lists them', async () => {
    const clock = { nowMs: () => nowMs };
    let nowMs = Date.now();
    const namespace = `ending-${nowMs}`;
    const { records } = redisLedger(client, { namespace, clock });
    const expiresAtMs = nowMs + 1_000;
    for (let index = 0; index < 40; index += 1) {
      await records.put(`token:${index}`, '1', { expiresAtMs });
    }
    nowMs = expiresAtMs;
    for (let index = 0; index < 10; index += 1) await records.put(`user:${index}`, '1');
    expect(await redis.zrange(`{${namespace}}:expiring`, '0', '-1')).toEqual([]);
    expect(await redis.zcard(`{${namespace}}:listed`)).toBe(10);
    await records.delete('user:0');
    expect(await redis.zcard(`{${namespace}}:listed`)).toBe(9);
  });

  it('A ledger continues when the server has forgotten the scripts', async () => {
    const ledger = freshLedger(client);
    await ledger.reserve('one', claims, tokens(1), DISPATCHED);
    await redis.script('FLUSH');
    expect(await ledger.settle('one', tokens(2))).toBe('done');
    await redis.script('FLUSH');
    expect((await ledger.read(claims)).map(({ used }) => used)).toEqual([2, 2, 2]);
  });

  it('A ledger settles and renews holds of another process', async () => {
    const namespace = `other-${Date.now()}`;
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    await one.reserve('call', claims, tokens(3), DISPATCHED);
    expect(await other.renew('call', DISPATCHED)).toBe(true);
    expect(await other.settle('call', tokens(2))).toBe('done');
    expect(await one.settle('call', tokens(2))).toBe('replayed');
    expect((await one.read(claims)).map(({ used, held }) => [used, held])).toEqual([
      [2, 0],
      [2, 0],
      [2, 0],
    ]);
  });

  it('A ledger settles what another process took of credits, and nothing of a shadow that took nothing', async () => {
    const namespace = `credits-${Date.now()}`;
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    const mixed = [
      { ...rate(1, 1), shadow: true as const },
      { ...lasting(5), spills: true as const },
      { kind: 'balance', key: 'tokens/ever', unit: 'tokens', amount: 10, isCredit: true } as const,
    ].map((rule) => claim(rule));
    const counted = async () => (await one.read(mixed)).map(({ used, held }) => [used, held]);
    for (const id of ['settled', 'released']) await one.reserve(id, mixed, tokens(6), DISPATCHED);
    expect(await counted()).toEqual([
      [0, 0],
      [0, 5],
      [0, 7],
    ]);
    expect(await other.settle('settled', tokens(8))).toBe('done');
    expect(await other.release('released', { keepsRates: true })).toBe('done');
    expect(await counted()).toEqual([
      [0, 0],
      [5, 0],
      [3, 0],
    ]);
  });

  it('A ledger warns of a server that may evict counters', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    freshLedger(client);
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls[0]).toEqual([
      expect.stringContaining('allkeys-lru'),
      { code: 'GUARD_REDIS_EVICTION' },
    ]);
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    freshLedger(client);
    await redis.ping();
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it('A ledger counts by the latest client clock where scripts may not read the time, and warns of it', async () => {
    await redis.acl('SETUSER', 'timeless', 'on', '>pass', '~*', '&*', '+@all', '-time');
    const timeless = new Redis(server?.port ?? 0, { username: 'timeless', password: 'pass' });
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const ledger = freshLedger(timeless);
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls[0]?.[1]).toEqual({ code: 'GUARD_REDIS_CLOCK' });
    warn.mockRestore();
    const ahead = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    const rolling = claim({
      kind: 'rolling',
      key: 'r',
      unit: 'tokens',
      amount: 9,
      windowMs: 60_000,
    });
    expect(await ledger.reserve('ahead', [rolling], tokens(9), DISPATCHED)).toMatchObject({
      granted: true,
    });
    ahead.mockRestore();
    // Time does not go back with the next client: what was used an hour ahead still counts.
    expect(await ledger.reserve('now', [rolling], tokens(1), DISPATCHED)).toMatchObject({
      granted: false,
    });
    timeless.disconnect();
  });

  it('A "durable" ledger fails after all data was lost, and one without it starts from zero', async () => {
    const durable = freshLedger(client, { durable: true });
    const other = freshLedger(client);
    for (const ledger of [durable, other]) {
      await ledger.reserve('call', claims, tokens(9), DISPATCHED);
    }
    await redis.flushall();
    await expect(durable.reserve('next', claims, tokens(1), DISPATCHED)).rejects.toThrow(/lost/);
    expect((await other.reserve('next', claims, tokens(1), DISPATCHED)).granted).toBe(true);
  });

  it('A record change reaches every process, even if the message is lost', async () => {
    const namespace = `watch-${Date.now()}`;
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    const heard: string[] = [];
    const stop = other.records.watch((key) => heard.push(key));
    await isHeard(namespace);
    await one.records.put('user:ada', '{"a":1}');
    await expect.poll(() => heard).toContain('user:ada');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await one.records.put('user:bob', '{"a":1}');
    await expect.poll(() => heard).toContain('user:bob');
    stop();
    await Promise.all([one.close(), other.close()]);
  });

  it('A notice has the version of the record, and none for a deletion', async () => {
    const namespace = `versions-${Date.now()}`;
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    const heard: unknown[] = [];
    const stop = other.records.watch((...notice) => heard.push(notice));
    await isHeard(namespace);
    await one.records.put('user:ada', '1');
    await expect.poll(() => heard).toContainEqual(['user:ada', 1]);
    await one.records.put('user:ada', '2');
    await expect.poll(() => heard).toContainEqual(['user:ada', 2]);
    await one.records.delete('user:ada');
    await expect.poll(() => heard).toContainEqual(['user:ada', undefined]);
    stop();
    await Promise.all([one.close(), other.close()]);
  });

  it('A first poll that is answered late calls watchers with "*"', async () => {
    const late = new Redis(server?.port ?? 0, { lazyConnect: true, enableOfflineQueue: false });
    const ledger = freshLedger(late);
    const heard: string[] = [];
    const stop = ledger.records.watch((key) => heard.push(key));
    await expect(ledger.records.get('any')).rejects.toThrow(LedgerError);
    await expect.poll(() => heard).toContain('*');
    stop();
    await ledger.close();
    late.disconnect();
  });

  it('Messages arrive through a client without an offline queue, as docs/ledgers/redis.md sets it up', async () => {
    const patient = { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0 };
    const strict = new Redis(server?.port ?? 0, patient);
    await strict.connect();
    const ledger = freshLedger(strict);
    const stop = ledger.records.watch(() => {});
    await expect
      .poll(async () => redis.call('PUBSUB', 'CHANNELS', '*test-*'))
      .toEqual([expect.stringContaining('changes')]);
    stop();
    await ledger.close();
    strict.disconnect();
  });

  it('Watchers are called with "*" when more changed than is remembered', async () => {
    const namespace = `many-${Date.now()}`;
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    const heard: string[] = [];
    await one.records.put('first', '1');
    const stop = other.records.watch((key) => heard.push(key));
    await isHeard(namespace);
    const keys = Array.from({ length: 3_000 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => one.records.put(key, '1')));
    await expect
      .poll(() => heard.includes('*') || keys.every((key) => heard.includes(key)))
      .toBe(true);
    stop();
    await Promise.all([one.close(), other.close()]);
  });

  it('Redis stores no part of a token, the key or the secret, and no prompt', async () => {
    await redis.flushall();
    await assertKeepsNoSecret(freshLedger(client), async () => Buffer.from(await dumpOf(redis)));
  });
});

async function dumpOf(redis: Redis): Promise<string> {
  const keys = await redis.keys('*');
  const lines = keys.map(async (key) => {
    const type = await redis.type(key);
    if (type === 'hash')
      return `${key} ${JSON.stringify(await redis.hgetallBuffer(key))}${Object.entries(await redis.hgetall(key))}`;
    if (type === 'zset') return `${key} ${await redis.zrange(key, '0', '-1')}`;
    return `${key} ${await redis.get(key)}`;
  });
  return (await Promise.all(lines)).join('\n');
}
