import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  createGuardedCompletion,
  type Guard,
  type GuardOptions,
  type Ledger,
  memoryLedger,
} from '../../src/index.ts';
import { createEndUserIds } from '../../src/users/end-user-ids.ts';
import { rawChat } from '../attacks/served.ts';
import { canaries, chat, MODEL, post, tokenOf } from '../fixture.ts';
import { openRequest } from '../http/client.ts';
import { hosts } from '../http/hosts.ts';
import { freshLedger, libraries } from '../ledger/servers/redis-clients.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { sqliteFolder } from '../ledger/sqlite-folder.ts';
import { endUserIdOf, mountOn, notify, startSafety } from './notices.ts';

const DAY_MS = 86_400_000;
const plans = { free: { models: [MODEL], maxOutputTokens: 1_000 } };

/** To the store, this looks like another process. */
function secondGuard(baseURL: string, ledger: Ledger, more: Partial<GuardOptions> = {}): Guard {
  const { apiKey, secret } = canaries;
  const timeouts = { ledger: '5s' };
  return createGuardedCompletion({ apiKey, secret, baseURL, ledger, plans, timeouts, ...more });
}

/** A memory ledger that looks remote to a guard, counts its calls and can fail. */
function storeElsewhere() {
  const inner = memoryLedger();
  const seen = {
    puts: [] as string[],
    gets: 0,
    fails: false,
    atOnce: 0,
    mostAtOnce: 0,
    putsAtClose: -1,
  };
  const records = {
    get(key: string) {
      if (key.startsWith('end-user-id:')) seen.gets += 1;
      if (key.startsWith('end-user-id:') && seen.fails)
        return Promise.reject(new Error('disk full'));
      return inner.records.get(key);
    },
    async put(...args: Parameters<typeof inner.records.put>) {
      if (!args[0].startsWith('end-user-id:')) return inner.records.put(...args);
      seen.atOnce += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, seen.atOnce);
      await setImmediate();
      const written = await inner.records.put(...args);
      seen.atOnce -= 1;
      seen.puts.push(args[0]);
      return written;
    },
    delete: (key: string) => inner.records.delete(key),
    watch: (listener: (key: string) => void) => inner.records.watch(listener),
  };
  const ledger: Ledger = new Proxy(inner, {
    get(target, name) {
      if (name === 'records') return records;
      if (name === 'inProcess') return undefined;
      if (name === 'close') seen.putsAtClose = seen.puts.length;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ledger, records, seen };
}

describe('users.byEndUserId', () => {
  it('byEndUserId returns the user of an end-user id, and undefined for any other string', async () => {
    await using fixture = await startSafety();
    const { guard } = fixture;
    const [ada, bob] = [await endUserIdOf(fixture), await endUserIdOf(fixture, 'bob')];
    expect([await guard.users.byEndUserId(ada), await guard.users.byEndUserId(bob)]).toEqual([
      'ada',
      'bob',
    ]);
    for (const none of ['', 'ada', `${ada}x`, 'x'.repeat(65), '__proto__']) {
      expect(await guard.users.byEndUserId(none)).toBeUndefined();
    }
    await expect(guard.users.byEndUserId(7 as never)).rejects.toThrow(TypeError);
  });

  it('byEndUserId finds users after a restart and from another process (SQLite)', async () => {
    await using place = sqliteFolder();
    await using fixture = await startSafety({ ledger: place.open() });
    const endUserId = await endUserIdOf(fixture);
    const beside = secondGuard(fixture.fake.baseURL, place.open());
    await expect.poll(() => beside.users.byEndUserId(endUserId)).toBe('ada');
    await beside.close();
    await fixture.guard.close();
    const after = secondGuard(fixture.fake.baseURL, place.open());
    expect(await after.users.byEndUserId(endUserId)).toBe('ada');
    await after.close();
  });

  it('A closing guard writes its end-user ids before it closes the store', async () => {
    const { ledger, records, seen } = storeElsewhere();
    const slow = Promise.withResolvers<void>();
    const { put } = records;
    records.put = async (key, ...rest) => {
      if (key.startsWith('end-user-id:')) await slow.promise;
      return put(key, ...rest);
    };
    await using fixture = await startSafety({ ledger });
    await endUserIdOf(fixture);
    const closed = fixture.guard.close();
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    slow.resolve();
    await closed;
    expect(seen.putsAtClose).toBe(1);
  });

  it('byEndUserId finds no user and no id is written when the option is off', async () => {
    const { ledger, seen } = storeElsewhere();
    await using fixture = await startSafety({ ledger, rememberEndUserIds: false });
    const endUserId = await endUserIdOf(fixture);
    expect(await fixture.guard.users.byEndUserId(endUserId)).toBeUndefined();
    expect(seen).toMatchObject({ puts: [], gets: 0 });
  });
});

describe('Remembered end-user ids', () => {
  const start = (more: { atMs?: number } = {}) => {
    const store = storeElsewhere();
    const clock = { time: more.atMs ?? 1_790_000_000_000, nowMs: () => clock.time };
    const errors: unknown[] = [];
    const open = () =>
      createEndUserIds({
        ledger: store.ledger,
        clock,
        onError: (error) => void errors.push(error),
      });
    return { ...store, clock, errors, open };
  };

  it('An end-user id is written once per 30 days, whichever process serves the user', async () => {
    const { seen, clock, open } = start();
    for (const days of [0, 1, 29, 30, 31, 59, 61]) {
      clock.time = 1_790_000_000_000 + days * DAY_MS;
      for (const ids of [open(), open()]) {
        for (let call = 0; call < 3; call += 1) ids.remember('tag-of-ada', 'ada');
        await ids.close();
      }
    }
    expect(seen.puts).toHaveLength(3);
    const one = open();
    one.remember('tag-of-ada', 'ada');
    await expect.poll(() => seen.gets).toBe(15);
    for (let call = 0; call < 100; call += 1) one.remember('tag-of-ada', 'ada');
    await one.close();
    expect(seen.gets).toBe(15);
  });

  it('The record of an end-user id expires after 400 days and holds only the user id and a time', async () => {
    const expiries: (number | undefined)[] = [];
    const { records, clock, open } = start();
    const { put } = records;
    records.put = (key, value, condition) => {
      expiries.push(condition?.expiresAtMs);
      expect(JSON.parse(value)).toEqual({ userId: 'ada', atMs: clock.time });
      return put(key, value, condition);
    };
    const ids = open();
    ids.remember('tag-of-ada', 'ada');
    await ids.close();
    expect(expiries).toEqual([clock.time + 400 * DAY_MS]);
  });

  it('An end-user id that could not be written is reported, and written at the next call', async () => {
    const { seen, errors, open } = start();
    const ids = open();
    seen.fails = true;
    ids.remember('tag-of-ada', 'ada');
    await expect.poll(() => [errors.length, seen.puts.length]).toEqual([1, 0]);
    seen.fails = false;
    ids.remember('tag-of-ada', 'ada');
    await expect.poll(() => [errors.length, seen.puts.length]).toEqual([1, 1]);
  });

  it('At most 4 end-user ids are written at once and 1,000 wait; others are written at a later call', async () => {
    const { seen, open } = start();
    const ids = open();
    const remember = (users: number) => {
      for (let user = 0; user < users; user += 1) ids.remember(`tag-${user}`, `user-${user}`);
    };
    remember(2_500);
    await expect.poll(() => seen.puts.length).toBe(1_000);
    expect(seen.mostAtOnce).toBe(4);
    remember(1_500);
    await ids.close();
    expect(seen.puts).toHaveLength(1_500);
  });

  it('A call succeeds when the store fails to write its end-user id', async () => {
    const { ledger, seen } = storeElsewhere();
    seen.fails = true;
    await using fixture = await startSafety({ ledger });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(200);
    await answer.text();
    await expect.poll(() => fixture.failed).toMatchObject([{ source: 'ledger' }]);
  });
});

const binary = redisBinary();
const redis = async () => {
  if (binary === undefined) return undefined;
  const server = await startRedis(binary);
  const connect = libraries['ioredis 6'];
  const connected = await Promise.all([connect?.(server.port), connect?.(server.port)]);
  const namespace = `safety-${randomBytes(6).toString('hex')}`;
  return {
    ledgers: connected.map((one) => one && freshLedger(one.client, { namespace })),
    async end() {
      for (const one of connected) one?.end();
      await server.close();
    },
  };
};
const sqlite = async () => {
  const place = sqliteFolder();
  const end = () => place[Symbol.asyncDispose]();
  return { ledgers: [place.open(), place.open()], end };
};

describe('A deactivation notice that one process receives', () => {
  it.each([['SQLite', sqlite] as const, ...(binary ? [['Redis', redis] as const] : [])])(
    'A deactivation cuts running streams in another process within a second (%s)',
    async (name, stores) => {
      const store = await stores();
      const [here, there] = store?.ledgers ?? [];
      if (here === undefined || there === undefined) throw new Error(`There is no ${name}.`);
      await using fixture = await startSafety({ ledger: here, plans });
      const { fake, guard } = fixture;
      const hearing = secondGuard(fake.baseURL, there);
      const host = hosts.find(({ name }) => name === 'node:http');
      await using running = await host?.start(guard, '');
      const gate = fake.gate();
      fake.script('endless', { tokens: 900, betweenChunks: gate });
      const endUserId = await endUserIdOf(fixture);
      const body = chat({ stream: true, messages: [{ role: 'user', content: 'endless' }] });
      const stream = openRequest(running?.port ?? 0, await rawChat(guard, 'ada', body));
      await stream.until('data: ');
      const atMs = performance.now();
      const mounted = mountOn({ guard: hearing, fake });
      expect(await notify(mounted, fake, { endUserId, type: 'deactivation' })).toBe(200);
      expect(await stream.until('user_blocked')).not.toContain('[DONE]');
      expect(performance.now() - atMs).toBeLessThan(1_000);
      stream.socket.destroy();
      const denied = await post(guard, await tokenOf(guard), chat());
      expect(denied.status).toBe(403);
      await hearing.close({ graceMs: 0 });
      await guard.close({ graceMs: 0 });
      await store?.end();
    },
  );
});
