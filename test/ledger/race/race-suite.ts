import { expect, it } from 'vitest';
import type { BalanceRule, Claim, Ledger } from '../../../src/ledger/ledger.ts';
import { claim, GLOBAL, tokens, use } from '../../../src/testing/ledger-conformance/case.ts';
import { lasting } from './lasting.ts';
import type { Race } from './race.ts';

/** A place where nothing was counted yet. */
export interface RacePlace extends AsyncDisposable {
  /** This process's own. */
  readonly ledger: Ledger;
  readonly race: Race;
}

const CALLS = 400;
const ROOM = 100;
/** A token, a user, four groups and all users together. */
const LEVELS = 7;
const TEAM = 'group:team:a';
/** All calls are made at once, so each may wait for all others. On a busy machine that is long. */
const TEST_MS_MAX = 120_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const shared = (rule: Claim['rule'], account = GLOBAL): Claim => {
  return { ...claim(rule, account), scope: 'shared' };
};
const credits: BalanceRule = {
  kind: 'balance',
  key: 'tokens/ever',
  unit: 'tokens',
  amount: 0,
  isCredit: true,
};

const everyone = shared(lasting(1_000_000));

/** What every store decides exactly, however many call at once. `racers` begins the titles. */
export function raceSuite(racers: string, open: () => Promise<RacePlace>): void {
  const test = (title: string, run: (place: RacePlace) => Promise<void>) =>
    it(title, { timeout: TEST_MS_MAX }, async () => {
      await using place = await open();
      await run(place);
    });

  test(`${racers} get exactly what is left of the global limit`, async ({ race }) => {
    const reserve = (calls: number, room: number) =>
      race({ kind: 'reserve', calls, claims: [shared(lasting(room))] });
    expect(sum(await reserve(CALLS, ROOM))).toBe(ROOM);
    expect(sum(await reserve(10, ROOM + 1))).toBe(1);
  });

  test(`${racers} get exactly the last places of a group, and a denied call takes nothing in any level`, async ({
    ledger,
    race,
  }) => {
    const team = shared(lasting(ROOM), TEAM);
    const claims = [team, everyone];
    await use(ledger, 'before', team, ROOM - 7);
    expect(sum(await race({ kind: 'reserve', calls: CALLS, claims }))).toBe(7);
    expect((await ledger.read(claims)).map(({ held }) => held)).toEqual([7, 7]);
  });

  test(`${racers} get exactly what is left of a limit, and then its last credits`, async ({
    ledger,
    race,
  }) => {
    const team = shared({ ...lasting(ROOM), spills: true }, TEAM);
    const bought = shared(credits, TEAM);
    const claims = [team, bought, everyone];
    await use(ledger, 'before', team, ROOM - 3);
    await ledger.credit('bought', [bought], tokens(7));
    expect(sum(await race({ kind: 'reserve', calls: CALLS, claims }))).toBe(10);
    expect((await ledger.read(claims)).map(({ held }) => held)).toEqual([3, 7, 10]);
  });

  test(`${racers} take all levels of a call or none, in whatever order and groups they come`, async ({
    ledger,
    race,
  }) => {
    const users = ['user:ada', 'user:bob', 'token:t1'].map((name) => claim(lasting(150), name));
    const groups = ['a', 'b', 'c', 'd'].map((id) => shared(lasting(ROOM), `group:team:${id}`));
    const claims = [...users, ...groups, everyone];
    const counted = sum(await race({ kind: 'levels', calls: 200, claims, each: LEVELS }));
    expect(counted).toBeGreaterThan(0);
    const taken = (await ledger.read(claims)).map(({ used, held }) => used + held);
    expect(sum(taken)).toBe(LEVELS * counted);
    for (const [level, count] of taken.entries()) {
      expect(count).toBeLessThanOrEqual(claims[level]?.rule.amount ?? 0);
    }
  });

  test(`${racers} have one winner for each first write`, async ({ race }) => {
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    expect(sum(await race({ kind: 'create', keys }))).toBe(keys.length);
    expect(sum(await race({ kind: 'create', keys }))).toBe(0);
  });
}
