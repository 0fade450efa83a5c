import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Claim, Ledger } from '../../src/ledger/ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import {
  claim,
  concurrent,
  DISPATCHED,
  LEASE,
  MINUTE_MS,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from './race/lasting.ts';
import { freshLedger } from './servers/redis-clients.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

const VERBS_PER_SCRIPT = 16;
const claimsOf = (user: string, amount = 1_000): Claim[] => [
  claim(lasting(amount), user),
  claim(lasting(1e9), 'global'),
];
const users = (count: number) => Array.from({ length: count }, (_, index) => `user:${index}`);
let names = 0;
const freshName = () => `batches-${Date.now()}-${++names}`;

describe.skipIf(server === undefined)('Verbs that are sent to Redis together', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server?.port ?? 0);
  });
  afterAll(() => redis?.disconnect());

  /** The commands that clients send while `work` runs, without those of scripts. */
  async function sentDuring(work: () => Promise<unknown>): Promise<string[]> {
    const monitor = await redis.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
      if (source !== 'lua') seen.push(command.toLowerCase());
    });
    await work();
    await redis.echo('over');
    await expect.poll(() => seen.at(-1)).toBe('echo');
    monitor.disconnect();
    return seen.slice(0, -1);
  }

  const reserveAll = (ledger: Ledger, names: readonly string[]) =>
    Promise.all(names.map((user) => ledger.reserve(user, claimsOf(user), tokens(1), DISPATCHED)));

  it('Verbs of one turn are sent as one script per sixteen verbs', async () => {
    const ledger = freshLedger(redis);
    await ledger.read(claimsOf('user:ada'));
    const sent = await sentDuring(() => reserveAll(ledger, users(2 * VERBS_PER_SCRIPT + 8)));
    expect(sent).toEqual(['evalsha', 'evalsha', 'evalsha']);
    expect((await ledger.read(claimsOf('user:7'))).map(({ held }) => held)).toEqual([1, 40]);
  });

  it('Verbs that are sent together take effect in the order of their calls', async () => {
    const ledger = freshLedger(redis);
    const claims = claimsOf('user:ada', 5);
    const answers = await Promise.all([
      ledger.reserve('one', claims, tokens(5), LEASE),
      ledger.reserve('two', claims, tokens(1), LEASE),
      ledger.settle('one', tokens(2)),
      ledger.reserve('two', claims, tokens(3), LEASE),
      ledger.settle('one', tokens(2)),
      ledger.release('two'),
      ledger.read(claims),
    ]);
    expect(answers).toMatchObject([
      { granted: true, balances: [{ held: 5 }, { held: 5 }] },
      { granted: false, violations: [{ claim: 0, hard: false }], balances: [{ held: 5 }, {}] },
      'done',
      { granted: true, balances: [{ used: 2, held: 3 }, {}] },
      'replayed',
      'done',
      [
        { used: 2, held: 0 },
        { used: 2, held: 0 },
      ],
    ]);
  });

  it('A verb on corrupt data fails alone, and the others take effect once', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace });
    await redis.set(`{${namespace}}:4:a:user:3`, 'no account');
    const all = users(10);
    const answers = await Promise.allSettled(
      all.map((user) => ledger.reserve(user, claimsOf(user), tokens(1), DISPATCHED)),
    );
    const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer] : []));
    expect(answers[3]).toMatchObject({ reason: expect.any(LedgerError) });
    expect(failed).toHaveLength(1);
    expect((await ledger.read([claim(lasting(1e9), 'global')]))[0]).toMatchObject({ held: 9 });
    expect(await redis.get(`{${namespace}}:4:a:user:3`)).toBe('no account');
  });

  it('Verbs have no effect when Redis rejects a write of their script', async () => {
    const namespace = freshName();
    const ledger = redisLedger(redis, { namespace });
    await ledger.reserve('before', claimsOf('user:0'), tokens(1), DISPATCHED);
    const index = `{${namespace}}:4:leases`;
    const leases = await redis.zrange(index, '0', '-1', 'WITHSCORES');
    await redis.set(index, 'no sorted set');
    const answers = await Promise.allSettled([
      ledger.reserve('call', claimsOf('user:1'), tokens(1), DISPATCHED),
      ledger.settle('before', tokens(1)),
      ledger.read(claimsOf('user:0')),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    await redis.del(index);
    for (let at = 0; at < leases.length; at += 2) {
      await redis.zadd(index, `${leases[at + 1]}`, `${leases[at]}`);
    }
    expect(await ledger.settle('before', tokens(2))).toBe('done');
    expect((await ledger.read(claimsOf('user:1')))[0]).toMatchObject({ used: 0, held: 0 });
    expect((await ledger.read(claimsOf('user:0')))[0]).toMatchObject({ used: 2, held: 0 });
  });

  it('Verbs fail together when the connection is lost, and are not sent again', async () => {
    const client = new Redis(server?.port ?? 0, { retryStrategy: () => null });
    const ledger = redisLedger(client, { namespace: freshName() });
    await ledger.read(claimsOf('user:ada'));
    const sent = await sentDuring(async () => {
      await redis.call('CLIENT', 'PAUSE', '10000', 'WRITE');
      const answers = Promise.allSettled(
        users(3).map((user) => ledger.reserve(user, claimsOf(user), tokens(1), DISPATCHED)),
      );
      setImmediate(() => client.disconnect());
      const lost = { status: 'rejected', reason: expect.any(LedgerError) };
      expect(await answers).toEqual([lost, lost, lost]);
      await redis.call('CLIENT', 'UNPAUSE');
    });
    expect(sent.filter((command) => command === 'evalsha').length).toBeLessThanOrEqual(1);
  });

  it('Verbs settle and renew holds of another process together with their own', async () => {
    const namespace = freshName();
    const [one, other] = [redisLedger(redis, { namespace }), redisLedger(redis, { namespace })];
    await reserveAll(one, users(4));
    const answers = await Promise.all([
      other.reserve('mine', claimsOf('user:mine'), tokens(2), DISPATCHED),
      other.settle('user:0', tokens(7)),
      other.renew('user:1', DISPATCHED),
      other.release('user:2'),
      other.settle('mine', tokens(2)),
      other.settle('user:9', tokens(1)),
    ]);
    expect(answers).toMatchObject([{ granted: true }, 'done', true, 'done', 'done', 'unknown']);
    expect((await one.read(claimsOf('user:0')))[0]).toMatchObject({ used: 7, held: 0 });
    expect((await one.read(claimsOf('user:2')))[0]).toMatchObject({ used: 0, held: 0 });
    expect((await one.read(claimsOf('user:3')))[1]).toMatchObject({ used: 9, held: 2 });
  });

  it('Verbs wait until all expired leases have ended, however many there are', async () => {
    const clock = settableClock(START_MS);
    const ledger = freshLedger(redis, { clock });
    const all = users(330);
    const places = claim(concurrent(1_000), 'global');
    await Promise.all(
      all.map((user, index) =>
        ledger.reserve(user, [claim(lasting(9), user), places], tokens(index % 3), {
          durationMs: MINUTE_MS + index,
          dispatched: index % 2 === 0,
        }),
      ),
    );
    expect((await ledger.read([places]))[0]).toMatchObject({ held: 330 });
    clock.set(START_MS + 2 * MINUTE_MS);
    const [after, other] = await Promise.all([ledger.read([places]), ledger.read(claimsOf('x'))]);
    expect(after[0]).toMatchObject({ held: 0 });
    expect(other[1]).toMatchObject({ used: 0 });
    const used = await Promise.all(all.map((user) => ledger.read([claim(lasting(9), user)])));
    expect(used.map(([balance]) => [balance?.used, balance?.held])).toEqual(
      all.map((_, index) => [index % 2 === 0 ? index % 3 : 0, 0]),
    );
    // For an hour they may still be settled, each once.
    expect(await ledger.settle('user:2', tokens(1))).toBe('done');
    expect(await ledger.settle('user:2', tokens(1))).toBe('replayed');
  });

  it('Verbs lose nothing when the server forgets the scripts under load, and the text is sent once', async () => {
    const ledger = freshLedger(redis);
    let isOver = false;
    const work = async (user: string) => {
      let calls = 0;
      for (; !isOver; calls += 1) {
        const id = `${user}-${calls}`;
        const claims = [claim(lasting(1e9), 'global')];
        expect((await ledger.reserve(id, claims, tokens(2), DISPATCHED)).granted).toBe(true);
        expect(await ledger.settle(id, tokens(1))).toBe('done');
      }
      return calls;
    };
    const working = Promise.all(users(40).map(work));
    for (let flush = 0; flush < 20; flush += 1) {
      await redis.script('FLUSH');
      await redis.ping();
    }
    isOver = true;
    const calls = (await working).reduce((sum, count) => sum + count, 0);
    const [global] = await ledger.read([claim(lasting(1e9), 'global')]);
    expect(global).toMatchObject({ used: calls, held: 0 });

    await redis.script('FLUSH');
    const sent = await sentDuring(() => reserveAll(ledger, users(4 * VERBS_PER_SCRIPT)));
    expect(sent.filter((command) => command === 'eval')).toHaveLength(1);
  });

  it('The server knows the script before the first verb is called', async () => {
    await redis.script('FLUSH');
    const ledger = freshLedger(redis);
    await redis.ping();
    await expect
      .poll(async () => (await redis.info('memory')).match(/cached_scripts:(\d+)/)?.[1])
      .toBe('2');
    const sent = await sentDuring(() => ledger.read(claimsOf('user:ada')));
    expect(sent).toEqual(['evalsha']);
  });

  it('Verbs called before `close` still return their answers', async () => {
    const ledger = freshLedger(redis);
    const read = ledger.read(claimsOf('user:ada'));
    await ledger.close();
    expect((await read).map(({ used }) => used)).toEqual([0, 0]);
    await expect(ledger.read(claimsOf('user:ada'))).rejects.toThrow('closed');
  });

  it.each([
    ['pipelines commands itself', { enableAutoPipelining: true }],
    ['puts a prefix before all keys', { keyPrefix: 'app:' }],
  ])('Verbs work through a client that %s', async (_, options) => {
    const client = new Redis(server?.port ?? 0, options);
    const namespace = freshName();
    const [one, other] = [redisLedger(client, { namespace }), redisLedger(client, { namespace })];
    await reserveAll(one, users(20));
    expect(await Promise.all(users(20).map((user) => other.settle(user, tokens(2))))).toEqual(
      Array(20).fill('done'),
    );
    expect((await one.read(claimsOf('user:5'))).map(({ used }) => used)).toEqual([2, 40]);
    client.disconnect();
  });
});
