import { afterAll, describe, expect, it } from 'vitest';
import type { Guard, GuardOptions, Page, PageSpec } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { openPlace, PATIENCE } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const limits = [
  { requests: 5, per: '24h', name: 'all-requests' },
  { usd: 1, per: 'day' },
] as const;

interface Placed extends Fixture {
  readonly clock: { nowMs(): number; move(ms: number): void };
}

type Start = (options?: Partial<GuardOptions>) => Promise<Placed>;

/** The guard's clock moves. A store has its own, so what the store forgets is not tested here. */
function movingClock() {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    move(ms: number) {
      aheadMs += ms;
    },
  };
}

const inMemory: Start = async (options) => {
  const clock = movingClock();
  return { ...(await startFixture({ clock, ledger: memoryLedger(), ...options })), clock };
};

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const placed = Object.entries(stores.fresh).map(([store, fresh]): [string, Start] => [
  store,
  async (options) => {
    const { ledger, [Symbol.asyncDispose]: closePlace } = await openPlace(fresh());
    const clock = movingClock();
    const timeouts = { ledger: PATIENCE };
    const fixture = await startFixture({ clock, ledger, timeouts, ...options });
    return {
      ...fixture,
      clock,
      async [Symbol.asyncDispose]() {
        await fixture[Symbol.asyncDispose]();
        await closePlace();
      },
    };
  },
]);

async function all<Entry>(list: (page: PageSpec) => Promise<Page<Entry>>, limit = 2) {
  const found: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit, cursor });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    found.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

const idsOf = async ({ users }: Guard) =>
  (await all(users.list)).map(({ userId }) => userId).sort();
const blockedIn = async ({ users }: Guard) =>
  (await all(users.blocked)).sort((one, other) => (one.userId < other.userId ? -1 : 1));
const tokenIdsOf = async ({ tokens }: Guard, user: string) =>
  (await all((page) => tokens.list(user, page))).map(({ id }) => id).sort();

describe.each([['memory', inMemory] as [string, Start], ...placed])('Lists on %s', (_, start) => {
  it('users.list has every user who called, once, and no other', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const users = ['ada', 'bob', 'cy', 'dé 😀', 'ada:1'];
    for (const user of [...users, 'ada']) {
      expect((await post(guard, await tokenOf(guard, user), chat())).ok).toBe(true);
    }
    await tokenOf(guard, 'issued');
    await guard.users.setPlan('planned', 'free');
    await expect.poll(() => idsOf(guard)).toEqual([...users].sort());
    const [entry] = (await guard.users.list({ limit: 1 })).entries;
    expect(await guard.users.byEndUserId(entry?.endUserId ?? '')).toBe(entry?.userId);
  });

  it('users.blocked has every user whose block counts now, with its reason', async () => {
    await using fixture = await start();
    const { guard, clock } = fixture;
    const until = new Date(clock.nowMs() + 600_000);
    for (const user of ['ada', 'bob', 'cy']) await guard.users.block(user, { reason: user });
    await guard.users.block('dan', { reason: 'an hour', until });
    await guard.users.unblock('bob');
    await guard.users.unblock('eve');
    await guard.users.unblock('cy');
    await guard.users.block('cy', { reason: 'again' });
    await guard.users.merge('ada', 'zoe');
    const lasting = [
      { userId: 'ada', reason: 'ada' },
      { userId: 'cy', reason: 'again' },
    ];
    const copied = { userId: 'zoe', reason: 'ada' };
    const ending = { userId: 'dan', reason: 'an hour', untilMs: until.getTime() };
    await expect.poll(() => blockedIn(guard)).toEqual([...lasting, ending, copied]);
    clock.move(600_000);
    await expect.poll(() => blockedIn(guard)).toEqual([...lasting, copied]);
  });

  it('A user who is blocked and unblocked at the same time is listed exactly if they are blocked', async () => {
    await using fixture = await start();
    const { users } = fixture.guard;
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        users.block('ada', { reason: 'one' }),
        users.unblock('ada'),
        users.block('ada', { reason: 'two' }),
        users.unblock('ada'),
      ]);
      await expect
        .poll(async () => (await users.usage('ada')).block !== undefined)
        .toBe((await blockedIn(fixture.guard)).length === 1);
    }
  });

  it('tokens.list has the valid tokens of one user, and what they allow', async () => {
    await using fixture = await start();
    const { guard, clock } = fixture;
    const { tokens } = guard;
    const scope = {
      models: [MODEL],
      endpoints: ['chat.completions'],
      limits: [{ requests: 3, per: 'day' as const }],
    };
    const first = await tokens.issue({ user: 'ada', ttl: '1h' });
    const narrow = await tokens.issue({ user: 'ada', ttl: '2h', singleUse: true, ...scope });
    const revoked = await tokens.issue({ user: 'ada', ttl: '1h' });
    const others = await tokens.issue({ user: 'ada:1', ttl: '1h' });
    expect(await tokens.revoke(revoked.id)).toBe(true);
    expect(await tokenIdsOf(guard, 'ada')).toEqual([first.id, narrow.id].sort());
    expect(await tokenIdsOf(guard, 'ada:1')).toEqual([others.id]);
    expect(await tokenIdsOf(guard, 'bob')).toEqual([]);
    const { entries } = await tokens.list('ada');
    const [shown] = entries.filter(({ id }) => id === narrow.id);
    expect(shown).toEqual({
      id: narrow.id,
      issuedAtMs: expect.any(Number),
      expiresAtMs: expect.any(Number),
      singleUse: true,
      ...scope,
    });
    expect(Math.floor((shown?.expiresAtMs ?? 0) / 1000)).toBe(narrow.expires_at);
    expect(JSON.stringify(entries)).not.toContain(first.value);
    clock.move(3_600_000);
    await expect.poll(() => tokenIdsOf(guard, 'ada')).toEqual([narrow.id]);
    await tokens.revokeAll('ada');
    await expect.poll(() => tokenIdsOf(guard, 'ada')).toEqual([]);
  });

  it('usage.limits has every global limit, and those of anonymous users, with what is used', async () => {
    await using fixture = await start({ limits, anonymousLimits: [{ requests: 2, per: '24h' }] });
    const { guard } = fixture;
    expect(await guard.usage.limits()).toMatchObject([
      { name: 'anonymous-requests-24h', used: 0, held: 0, remaining: 2 },
      { name: 'all-requests', unit: 'requests', limit: 5, used: 0, held: 0, remaining: 5 },
      { name: 'usd-day', unit: 'usd', limit: 1, used: 0, remaining: 1 },
    ]);
    const { fake } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const asked = post(guard, await tokenOf(guard), chat());
    await fake.received(1);
    expect(await guard.usage.limits()).toMatchObject([
      { used: 0, held: 0 },
      { used: 0, held: 1, remaining: 4 },
      { used: 0, held: expect.any(Number) },
    ]);
    gate.open();
    await (await asked).text();
    await expect
      .poll(() => guard.usage.limits())
      .toMatchObject([
        { used: 0, held: 0 },
        { used: 1, held: 0, remaining: 4, resetsAtMs: expect.any(Number) },
        { used: expect.any(Number), held: 0 },
      ]);
  });
});

describe('A page', () => {
  it.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_001 }, 'limit'],
    [{ cursor: '' }, 'cursor'],
    [{ cursor: 7 }, 'cursor'],
    [{ cursor: 'a\0b' }, 'cursor'],
    [{ page: 2 }, ''],
  ])('of %o is a TypeError that names the field', async (page, field) => {
    await using fixture = await startFixture();
    const { users, tokens } = fixture.guard;
    const wrong = page as PageSpec;
    for (const [call, list] of [
      ['users.list', () => users.list(wrong)],
      ['users.blocked', () => users.blocked(wrong)],
      ['tokens.list', () => tokens.list('ada', wrong)],
    ] as const) {
      const named = new RegExp(`^"${[call, field].filter(Boolean).join('\\.')}"`);
      await expect(list()).rejects.toThrow(TypeError);
      await expect(list()).rejects.toThrow(named);
    }
  });

  it('users.list is a TypeError without rememberEndUserIds', async () => {
    await using fixture = await startFixture({ rememberEndUserIds: false });
    await expect(fixture.guard.users.list()).rejects.toThrow(/"rememberEndUserIds" is false/);
  });
});
