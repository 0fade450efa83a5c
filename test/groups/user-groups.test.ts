import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { isPromiseLike } from '../../src/base/deadline.ts';
import type { Group } from '../../src/core/group.ts';
import { GroupKinds } from '../../src/groups/group-kinds.ts';
import { GroupStates } from '../../src/groups/group-states.ts';
import { type GroupsOf, UserGroups } from '../../src/groups/user-groups.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { NO_GROUPS } from '../../src/plans/limit-levels.ts';

const kinds = ['team', 'org'].map((name) => ({ name, limits: [], showsFigures: false }));
const team: Group = { kind: 'team', id: 't1' };
const org: Group = { kind: 'org', id: 'o1' };

function start(groupsOf?: GroupsOf) {
  const settings = { ttlMs: 60_000, staleMs: 60_000, deadlineMs: 1_000 };
  const states = new GroupStates(memoryLedger().records);
  return new UserGroups({
    kinds: new GroupKinds(kinds),
    groupsOf,
    states,
    settings,
    clock: systemClock,
  });
}

const ways: readonly [string, GroupsOf | undefined][] = [
  ['their credential has', undefined],
  ['groupsOf returns', () => [{ ...org }, { ...team }]],
  ['groupsOf promises', async () => [{ ...org }, { ...team }]],
];

it.each(ways)(
  'Groups that %s are found without a wait on a warm call, in one array for all who share them',
  async (_, groupsOf) => {
    const groups = start(groupsOf);
    const inBoth = (id: string) => ({ id, groups: [{ ...org }, { ...team }] });
    const [ada, bob] = [inBoth('ada'), inBoth('bob')];
    const known = await groups.of(ada, {});
    expect(known).toMatchObject([team, org]);
    expect(groups.of(ada, {})).toBe(known);
    await groups.of(bob, {});
    expect(groups.of(bob, {})).toBe(known);
  },
);

it('A change of one group makes a new array, and the limits of the others stay the same', async () => {
  const groups = start();
  const ada = { id: 'ada', groups: [team, org] };
  const before = await groups.of(ada, {});
  await groups.states.update('org:o1', (state) => ({ ...state, block: { reason: 'unpaid' } }));
  const after = await groups.of(ada, {});
  expect(after).not.toBe(before);
  expect(after).toMatchObject([{ block: undefined }, { block: { reason: 'unpaid' } }]);
  expect(after[0]?.limits).toBe(before[0]?.limits);
});

it('A list that the app changes in place counts as it is now', async () => {
  const list = [team];
  const groups = start(() => list);
  expect(await groups.of({ id: 'ada' }, {})).toMatchObject([team]);
  list.push(org);
  expect(await groups.of({ id: 'ada' }, {})).toMatchObject([team, org]);
  list.splice(0, 2, { ...team, id: 't2' });
  expect(await groups.of({ id: 'ada' }, {})).toMatchObject([{ id: 't2' }]);
});

it('A user without groups costs no look-up and no new object', () => {
  const groups = start();
  expect(groups.of({ id: 'ada' }, {})).toBe(NO_GROUPS);
  expect(groups.of({ id: 'ada', groups: [] }, {})).toBe(NO_GROUPS);
  expect(groups.of({ id: 'ada', groups: [team] }, { groups: [] })).toBe(NO_GROUPS);
});

it('A list of groups that was decided is read from the store once', async () => {
  const groups = start();
  const decided = { groups: [team] };
  expect(isPromiseLike(groups.of({ id: 'ada' }, decided))).toBe(true);
  await groups.of({ id: 'ada' }, decided);
  expect(isPromiseLike(groups.of({ id: 'ada' }, decided))).toBe(false);
});
