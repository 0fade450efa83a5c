import { describe, expect, it } from 'vitest';
import type { Group, GuardOptions, LimitSpec } from '../../src/index.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: [MODEL], maxOutputTokens: 100 } };
const team: Group = { kind: 'team', id: 't1' };
const org: Group = { kind: 'org', id: 'o1' };
const requests = (amount: number, more: object = {}): LimitSpec => {
  return { requests: amount, per: 'day', ...more };
};
const teamOf = (...limits: LimitSpec[]): Partial<GuardOptions> => ({
  plans,
  groups: { team: { limits } },
});

async function tokenIn(guard: Fixture['guard'], id: string, groups: readonly Group[] = [team]) {
  return (await guard.tokens.issue({ user: { id, groups } })).value;
}

async function outcome(guard: Fixture['guard'], token: string): Promise<string> {
  const answer = await post(guard, token, chat());
  return answer.status === 200 ? 'served' : codeOf(answer);
}

const inTeam = async ({ guard }: Fixture, id: string, groups?: readonly Group[]) =>
  outcome(guard, await tokenIn(guard, id, groups));

describe('A limit of a group', () => {
  it('The members of a group share its limits, and other groups have their own', async () => {
    await using fixture = await startFixture(teamOf(requests(2)));
    expect(await inTeam(fixture, 'ada')).toBe('served');
    expect(await inTeam(fixture, 'bob')).toBe('served');
    expect(await inTeam(fixture, 'cyd')).toBe('group_limit_exceeded');
    expect(await inTeam(fixture, 'dan', [{ kind: 'team', id: 't2' }])).toBe('served');
    expect(await inTeam(fixture, 'eve', [])).toBe('served');
  });

  it('A denial by one of four levels leaves nothing held on the others', async () => {
    await using fixture = await startFixture({
      plans: { free: { ...plans.free, limits: [requests(5)] } },
      groups: {
        team: { limits: [requests(5)], showFigures: true },
        org: { limits: [requests(1)] },
      },
      limits: [requests(5)],
    });
    expect(await inTeam(fixture, 'ada', [org, team])).toBe('served');
    expect(await inTeam(fixture, 'ada', [team, org])).toBe('group_limit_exceeded');
    expect(await inTeam(fixture, 'ada', [team])).toBe('served');
    expect((await fixture.guard.users.usage('ada')).limits).toMatchObject([{ used: 2, held: 0 }]);
  });
});

describe('The groups of a user', () => {
  it('groupsOf takes precedence over the credential, and setGroups over both', async () => {
    await using fixture = await startFixture({
      ...teamOf(requests(0)),
      groupsOf: ({ id }) => (id === 'ada' ? [team] : undefined),
    });
    const { users } = fixture.guard;
    expect(await inTeam(fixture, 'bob')).toBe('served');
    expect(await inTeam(fixture, 'ada', [])).toBe('group_limit_exceeded');
    await users.setGroups('ada', []);
    expect(await inTeam(fixture, 'ada')).toBe('served');
    await users.setGroups('bob', [team]);
    expect(await inTeam(fixture, 'bob')).toBe('group_limit_exceeded');
    await users.setGroups('bob', undefined);
    expect(await inTeam(fixture, 'bob')).toBe('served');
  });

  it('An async groupsOf is asked once for simultaneous calls, and again after users.changed', async () => {
    let asked = 0;
    let groups: readonly Group[] = [];
    const groupsOf = async () => {
      asked += 1;
      return groups;
    };
    await using fixture = await startFixture({ ...teamOf(requests(0)), groupsOf });
    const token = await tokenOf(fixture.guard);
    const calls = await Promise.all([1, 2, 3].map(() => outcome(fixture.guard, token)));
    expect([...calls, asked]).toEqual(['served', 'served', 'served', 1]);
    groups = [team];
    expect(await outcome(fixture.guard, token)).toBe('served');
    await fixture.guard.users.changed('ada');
    expect(await outcome(fixture.guard, token)).toBe('group_limit_exceeded');
    expect(asked).toBe(2);
  });

  it('Groups that were looked up count for "planStale" while look-ups fail, and then the call fails', async () => {
    let nowMs = Date.now();
    let fails = false;
    const groupsOf = async () => {
      if (fails) throw new Error('db down');
      return [team];
    };
    await using fixture = await startFixture({
      ...teamOf(requests(0)),
      groupsOf,
      clock: { nowMs: () => nowMs },
      planTtl: '10s',
      planStale: '60s',
    });
    const token = await tokenOf(fixture.guard);
    expect(await outcome(fixture.guard, token)).toBe('group_limit_exceeded');
    fails = true;
    nowMs += 10_000;
    expect(await outcome(fixture.guard, token)).toBe('group_limit_exceeded');
    nowMs += 60_000;
    expect(await outcome(fixture.guard, token)).toBe('internal_error');
  });

  it('A token that was exchanged for a login has the groups of the login', async () => {
    const user = { id: 'ada', groups: [team] };
    await using fixture = await startFixture({
      ...teamOf(requests(1)),
      exchange: { auth: { authenticate: () => ({ user }) } },
    });
    const { guard } = fixture;
    const exchanged = () =>
      guard.exchange.handler(new Request('http://app.test/token', { method: 'POST' }));
    const { value } = (await (await exchanged()).json()) as { value: string };
    expect([await outcome(guard, value), await outcome(guard, value)]).toEqual([
      'served',
      'group_limit_exceeded',
    ]);
  });

  it('A group id that is a number stands for its decimal text', async () => {
    await using fixture = await startFixture({
      ...teamOf(requests(1)),
      groupsOf: ({ id }) => [{ kind: 'team', id: id === 'ada' ? 7 : '7' }],
    });
    expect(await inTeam(fixture, 'ada')).toBe('served');
    expect(await inTeam(fixture, 'bob')).toBe('group_limit_exceeded');
  });

  it('A login whose groups are wrong fails, instead of being served without them', async () => {
    const user = { id: 'ada', groups: [{ kind: 'class', id: 'c' }] };
    await using fixture = await startFixture({
      plans,
      auth: { authenticate: () => ({ user }) },
    });
    expect(await outcome(fixture.guard, 'login')).toBe('internal_error');
    expect(String(fixture.failed[0]?.error)).toContain('set the option "groups"');
  });
});

describe('A client cannot name a group', () => {
  const login = { authenticate: () => ({ user: { id: 'ada' } }) };
  const exchange = { auth: login };

  it('The exchange refuses groups in its body with 400, and names the field', async () => {
    await using fixture = await startFixture({ ...teamOf(requests(1)), exchange });
    const answer = await fixture.guard.exchange.handler(
      new Request('http://app.test/token', {
        method: 'POST',
        body: JSON.stringify({ groups: [team] }),
        headers: { 'content-type': 'application/json' },
      }),
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'parameter_not_allowed', param: 'groups' },
    });
  });

  it('Groups in the body or query of a call are refused, and in headers ignored', async () => {
    await using fixture = await startFixture({ ...teamOf(requests(0)), auth: login });
    const { guard } = fixture;
    const body = await post(guard, 'x', chat({ groups: [team] }));
    expect([body.status, await codeOf(body)]).toEqual([400, 'parameter_not_allowed']);
    const query = await post(guard, 'x', chat(), '/v1/chat/completions?groups=team:t1');
    expect(query.status).toBe(400);
    const headers = { 'x-guard-groups': 'team:t1', groups: 'team:t1' };
    const request = new Request('http://app.test/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(chat()),
      headers: { ...headers, 'content-type': 'application/json' },
    });
    expect((await guard.handler(request)).status).toBe(200);
  });
});
