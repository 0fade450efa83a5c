import { describe, expect, it } from 'vitest';
import type { Group, GroupKindSpec, GuardOptions, LimitSpec } from '../../src/index.ts';
import { faultyStore } from '../faults/store/faulty-store.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const team: Group = { kind: 'team', id: 't1' };
const QUOTA: LimitSpec = { requests: 2, per: 'day' };
const shown: GroupKindSpec = { limits: [QUOTA], showFigures: true };

/** Everybody is in the team. */
const start = (options: Partial<GuardOptions> = {}) =>
  startFixture({
    plans: { free: { models: [MODEL], maxOutputTokens: 100 } },
    groups: { team: shown },
    groupsOf: () => [team],
    ...options,
  });

async function call({ guard }: Fixture, user = 'ada'): Promise<string> {
  const answer = await post(guard, await tokenOf(guard, user), chat());
  return answer.status === 200 ? 'served' : codeOf(answer);
}

describe('guard.groups', () => {
  it('usage has what all members used together, and users.usage shows it to each of them', async () => {
    await using fixture = await start();
    const { groups, users } = fixture.guard;
    expect(await groups.usage(team)).toMatchObject({ ...team, limits: [{ used: 0, limit: 2 }] });
    expect([await call(fixture, 'ada'), await call(fixture, 'bob')]).toEqual(['served', 'served']);
    const usage = await groups.usage(team);
    expect(usage).toMatchObject({ limits: [{ used: 2, held: 0, remaining: 0 }], block: undefined });
    const { limits } = usage;
    expect(await users.usage('cyd')).toMatchObject({ limits: [], groups: [{ ...team, limits }] });
  });

  it('users.usage names a group without figures unless its kind shows them', async () => {
    await using fixture = await start({ groups: { team: { limits: [QUOTA] } } });
    const { groups } = await fixture.guard.users.usage('ada');
    expect(groups).toEqual([{ ...team, limits: undefined }]);
  });

  it('grant gives the members more until the window ends, and reset forgets what they used', async () => {
    await using fixture = await start();
    const { groups } = fixture.guard;
    expect([await call(fixture), await call(fixture)]).toEqual(['served', 'served']);
    expect(await call(fixture)).toBe('group_limit_exceeded');
    expect(await groups.grant(team, { requests: 1 })).toMatchObject({ limits: [{ used: 1 }] });
    expect([await call(fixture), await call(fixture)]).toEqual(['served', 'group_limit_exceeded']);
    expect(await groups.reset(team)).toMatchObject({ limits: [{ used: 0 }] });
    expect(await call(fixture)).toBe('served');
  });

  it('setLimits replaces equal limits of one group, adds others, and ends when it is undone', async () => {
    const other: Group = { kind: 'team', id: 't2' };
    await using fixture = await start({ groupsOf: ({ id }) => [id === 'ada' ? team : other] });
    const { groups } = fixture.guard;
    await groups.setLimits(team, [
      { requests: 0, per: 'day' },
      { usd: 5, per: 'month' },
    ]);
    const amounts = (await groups.usage(team)).limits.map(({ name, limit }) => [name, limit]);
    expect(amounts).toEqual([
      ['requests-day', 0],
      ['usd-month', 5],
    ]);
    expect([await call(fixture), await call(fixture, 'bob')]).toEqual([
      'group_limit_exceeded',
      'served',
    ]);
    await groups.setLimits(team, undefined);
    expect(await call(fixture)).toBe('served');
  });

  it('block denies every member with the reason, until its end or unblock', async () => {
    let nowMs = Date.now();
    await using fixture = await start({ groups: { team: {} }, clock: { nowMs: () => nowMs } });
    const { guard, fake } = fixture;
    const until = new Date(nowMs + 60_000);
    await guard.groups.block(team, { reason: 'unpaid', until });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: { code: 'group_blocked', message: 'Your team is blocked: unpaid' },
    });
    expect((await guard.groups.usage(team)).block).toEqual({
      reason: 'unpaid',
      untilMs: until.getTime(),
    });
    expect(fake.requests).toEqual([]);
    nowMs = until.getTime();
    expect(await call(fixture)).toBe('served');
    await guard.groups.block(team, { reason: 'unpaid' });
    expect(await call(fixture, 'bob')).toBe('group_blocked');
    await guard.groups.unblock(team);
    expect(await call(fixture, 'bob')).toBe('served');
  });

  it('A block that comes while a hook is awaited refuses the call', async () => {
    await using fixture = await start({
      before: async () => {
        await fixture.guard.groups.block(team, { reason: 'unpaid' });
      },
    });
    expect(await call(fixture)).toBe('group_blocked');
    expect(fixture.fake.requests).toEqual([]);
  });

  it('changed lets groupsOf be asked again for every user', async () => {
    let inTeam = false;
    const groupsOf = async () => (inTeam ? [team] : []);
    await using fixture = await start({
      groupsOf,
      groups: { team: { limits: [{ requests: 0, per: 'day' }] } },
    });
    expect([await call(fixture), await call(fixture, 'bob')]).toEqual(['served', 'served']);
    inTeam = true;
    expect(await call(fixture)).toBe('served');
    await fixture.guard.groups.changed(team);
    const denied = 'group_limit_exceeded';
    expect([await call(fixture), await call(fixture, 'bob')]).toEqual([denied, denied]);
  });
});

describe('Limits of a group that count some calls only, or refuse none', () => {
  it('A limit of a group counts only the models and endpoints that it names', async () => {
    await using fixture = await start({
      plans: { free: { models: [MODEL, 'gpt-4o'], maxOutputTokens: 100 } },
      groups: { team: { limits: [{ requests: 0, per: 'day', models: ['gpt-4o'] }] } },
    });
    const token = await tokenOf(fixture.guard);
    const status = async (model: string) =>
      (await post(fixture.guard, token, chat({ model }))).status;
    expect([await status(MODEL), await status('gpt-4o'), await status(MODEL)]).toEqual([
      200, 429, 200,
    ]);
  });

  it('A hook that replaces the model is counted by the limits of the new model', async () => {
    await using fixture = await start({
      plans: { free: { models: [MODEL, 'gpt-4o'], maxOutputTokens: 100 } },
      groups: { team: { limits: [{ requests: 0, per: 'day', models: ['gpt-4o'] }] } },
      before: ({ body }) => ({ body: { ...body, model: 'gpt-4o' } }),
    });
    expect(await call(fixture)).toBe('group_limit_exceeded');
  });

  it('A shadow limit of a group refuses nothing, and is reported with the group', async () => {
    await using fixture = await start({
      groups: { team: { limits: [{ requests: 0, per: 'day', enforce: false }] } },
    });
    const seen: unknown[] = [];
    fixture.guard.on('would_deny', ({ limits }) => void seen.push(...limits));
    expect(await call(fixture)).toBe('served');
    expect(seen).toMatchObject([{ level: 'group', group: team }]);
  });
});

describe('warnAt of a limit of a group', () => {
  it('threshold names the group, once for all of its members', async () => {
    await using fixture = await start({
      groups: { team: { limits: [{ ...QUOTA, warnAt: [0.5] } as LimitSpec] } },
    });
    const seen: unknown[] = [];
    fixture.guard.on('threshold', (event) => void seen.push(event));
    expect([await call(fixture, 'ada'), await call(fixture, 'bob')]).toEqual(['served', 'served']);
    await expect.poll(() => seen).toMatchObject([{ level: 'group', group: team }]);
  });
});

describe('Limits of a group while the store fails', () => {
  it('Money of a group is denied, and its rates have the share of this process', async () => {
    const store = faultyStore();
    const kinds = {
      team: { limits: [{ usd: 100, per: 'month' }] },
      org: { limits: [{ requests: 100, per: 'minute', burst: 100 }] },
    } satisfies GuardOptions['groups'];
    const groupsOf = ({ id }: { id: string }): Group[] =>
      id === 'ada' ? [team] : [{ kind: 'org', id: 'o1' }];
    await using fixture = await start({ ledger: store, groups: kinds, groupsOf });
    const tokens = [await tokenOf(fixture.guard), await tokenOf(fixture.guard, 'bob')];
    const statuses = async () => {
      const answers = tokens.map((token) => post(fixture.guard, token, chat()));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 200]);
    store.fault = 'refused';
    await expect.poll(statuses).toEqual([503, 200]);
  });
});
