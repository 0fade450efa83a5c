import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Group, GroupKindSpec } from '../../src/index.ts';
import { openPlace, PATIENCE, type Place } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture } from '../fixture.ts';

const MEMBERS = ['ada', 'bob', 'cyd', 'dan', 'eve'];
const PLACES = 12;
const one = { limits: [{ requests: PLACES, per: 'day' }] } satisfies GroupKindSpec;
const kinds = { pair: one, team: one, class: one, org: one };
const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const rows = Object.entries(stores.fresh).map(([store, fresh]) => ({ store, fresh }));

/** A guard with a connection and caches of its own, as in another process. */
async function startGuard(place: Place): Promise<Fixture> {
  const { ledger, [Symbol.asyncDispose]: closePlace } = await openPlace(place);
  const fixture = await startFixture({
    plans: { free: { models: [MODEL], maxOutputTokens: 100 } },
    groups: kinds,
    ledger,
    timeouts: { ledger: PATIENCE },
  });
  const dispose = async () => {
    await fixture[Symbol.asyncDispose]();
    await closePlace();
  };
  return { ...fixture, [Symbol.asyncDispose]: dispose };
}

const tokenIn = async ({ guard }: Fixture, id: string, groups: readonly Group[]) =>
  (await guard.tokens.issue({ user: { id, groups } })).value;

async function outcome({ guard }: Fixture, token: string, body = chat()): Promise<string> {
  const answer = await post(guard, token, body);
  return answer.status === 200 ? 'served' : codeOf(answer);
}

const served = (outcomes: readonly string[]) => outcomes.filter((each) => each === 'served').length;

describe.each(rows)('Groups on $store, with two guards', ({ store, fresh }) => {
  let one: Fixture;
  let two: Fixture;
  beforeAll(async () => {
    const place = fresh();
    one = await startGuard(place);
    two = await startGuard(place);
  });
  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
  });

  it('A team of five shares its limit exactly under parallel calls', async () => {
    const team: Group = { kind: 'team', id: 'five' };
    const tokens = await Promise.all(MEMBERS.map((id) => tokenIn(one, id, [team])));
    const calls = tokens.flatMap((token) => [one, two, one, two].map((at) => outcome(at, token)));
    const outcomes = await Promise.all(calls);
    expect(served(outcomes)).toBe(PLACES);
    expect(outcomes.filter((each) => each === 'group_limit_exceeded')).toHaveLength(
      calls.length - PLACES,
    );
    await expect
      .poll(async () => (await two.guard.groups.usage(team)).limits)
      .toMatchObject([{ used: PLACES, held: 0, remaining: 0 }]);
  });

  it('What the limit of a team lacks is taken from its credits, exactly under parallel calls', async () => {
    const team: Group = { kind: 'team', id: 'credits' };
    await one.guard.groups.setLimits(team, [{ requests: PLACES, per: 'day', then: 'credits' }]);
    await two.guard.groups.grant(team, { requests: 3, to: 'credits', id: 'payment' });
    await one.guard.groups.grant(team, { requests: 3, to: 'credits', id: 'payment' });
    const tokens = await Promise.all(MEMBERS.map((id) => tokenIn(one, id, [team])));
    await expect
      .poll(async () => (await two.guard.groups.usage(team)).limits)
      .toMatchObject([{ limit: PLACES }]);
    const calls = tokens.flatMap((token) => [one, two, one, two].map((at) => outcome(at, token)));
    expect(served(await Promise.all(calls))).toBe(PLACES + 3);
  });

  it('A user in four groups is counted in each of them, and a denial by one is held in none', async () => {
    const groups = Object.keys(kinds).map((kind) => ({ kind, id: 'four' }));
    const token = await tokenIn(one, 'ada', groups.toReversed());
    const others = await tokenIn(one, 'bob', [{ kind: 'org', id: 'four' }]);
    expect(await outcome(one, token)).toBe('served');
    for (let calls = 1; calls < PLACES; calls += 1)
      expect(await outcome(two, others)).toBe('served');
    expect(await outcome(one, token)).toBe('group_limit_exceeded');
    const used = groups.map(async (group) => {
      const [limit] = (await two.guard.groups.usage(group)).limits;
      return [limit?.used, limit?.held];
    });
    expect(await Promise.all(used)).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [PLACES, 0],
    ]);
  });

  it('setGroups moves a user to another group in every process', async () => {
    const [full, free]: [Group, Group] = [
      { kind: 'team', id: 'full' },
      { kind: 'team', id: 'free' },
    ];
    await one.guard.groups.setLimits(full, [{ requests: 0, per: 'day' }]);
    const token = await tokenIn(one, 'mover', [full]);
    await expect.poll(() => outcome(two, token)).toBe('group_limit_exceeded');
    await one.guard.users.setGroups('mover', [free]);
    await expect.poll(() => outcome(two, token)).toBe('served');
    await two.guard.users.setGroups('mover', undefined);
    await expect.poll(() => outcome(one, token)).toBe('group_limit_exceeded');
  });

  it('New limits of one group apply in every process', async () => {
    const group: Group = { kind: 'class', id: 'new' };
    const token = await tokenIn(one, 'ada', [group]);
    expect(await outcome(two, token)).toBe('served');
    await one.guard.groups.setLimits(group, [{ requests: 1, per: 'day' }]);
    await expect.poll(() => outcome(two, token)).toBe('group_limit_exceeded');
    await one.guard.groups.setLimits(group, undefined);
    await expect.poll(() => outcome(two, token)).toBe('served');
  });

  it('A block of a group denies its members in every process, and cuts their streams', async () => {
    const group: Group = { kind: 'org', id: `blocked-${store}` };
    const gate = two.fake.gate();
    two.fake.script('endless', { tokens: 900, betweenChunks: gate });
    const token = await tokenIn(one, 'ada', [group]);
    const before = two.fake.requests.length;
    const body = chat({ stream: true, messages: [{ role: 'user', content: 'endless' }] });
    const running = post(two.guard, token, body).then((answer) => answer.text());
    await expect.poll(() => two.fake.requests.length).toBe(before + 1);
    await one.guard.groups.block(group, { reason: 'unpaid' });
    const text = await running;
    expect(text).toContain('"code":"group_blocked"');
    expect(text).not.toContain('[DONE]');
    expect(await outcome(two, token)).toBe('group_blocked');
    await one.guard.groups.unblock(group);
    await expect.poll(() => outcome(two, token)).toBe('served');
    gate.open();
  });
});
