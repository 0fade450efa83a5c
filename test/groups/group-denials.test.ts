import { describe, expect, it } from 'vitest';
import type { GuardOptions, LimitSpec } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: [MODEL], maxOutputTokens: 100 } };
const NONE: LimitSpec = { requests: 0, per: 'day' };
const clock = { nowMs: () => Date.parse('2026-11-23T12:00:00Z') };

/** What a call of a user in the team gets, after `calls` others. */
async function denied(options: Partial<GuardOptions>, calls = 0) {
  await using fixture = await startFixture({
    plans,
    clock,
    ledger: memoryLedger({ clock }),
    groupsOf: () => [{ kind: 'team', id: 't1' }],
    ...options,
  });
  const token = await tokenOf(fixture.guard);
  for (let call = 0; call < calls; call += 1) {
    await (await post(fixture.guard, token, chat())).text();
  }
  const answer = await post(fixture.guard, token, chat());
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  const header = (name: string) => answer.headers.get(name);
  return { status: answer.status, error, header };
}

const team = (limits: LimitSpec[], showFigures = false): Partial<GuardOptions> => ({
  groups: { team: { limits, showFigures } },
});

describe('group_limit_exceeded', () => {
  it('It names the kind of the group and shows no figure', async () => {
    const { status, error, header } = await denied(team([{ usd: 0, per: 'month', name: 'ours' }]));
    expect(status).toBe(429);
    expect(error).toEqual({
      message: 'You exceeded your current quota: what the members of your team share is used up.',
      type: 'insufficient_quota',
      param: null,
      code: 'group_limit_exceeded',
    });
    expect(header('x-should-retry')).toBe('false');
    expect(header('retry-after')).toBeNull();
    expect(header('ratelimit')).toBeNull();
  });

  it('It shows the figures of a kind with showFigures', async () => {
    const { error } = await denied(team([{ requests: 1, per: 'day' }], true), 1);
    expect(error).toMatchObject({
      message:
        'You exceeded your current quota: what the members of your team share is used up. ' +
        'Limit "requests-day": 1 requests, 0 left. It fits again at 2026-11-24T00:00:00.000Z.',
      limits: [{ name: 'requests-day', groupKind: 'team', limit: 1, remaining: 0, needed: 1 }],
    });
  });

  it('A call that can never fit says so, with figures only where they are shown', async () => {
    const limits: LimitSpec[] = [{ tokens: 1, per: 'day' }];
    const hidden = await denied(team(limits));
    expect(hidden.error['message']).toMatch(
      /^This call is larger than all that the members of your team share\./,
    );
    expect(JSON.stringify(hidden.error)).not.toMatch(/\d/);
    const shown = await denied(team(limits, true));
    expect(shown.error['message']).toContain('Limit "tokens-day" allows 1');
    expect([hidden.header('x-should-retry'), shown.header('x-should-retry')]).toEqual([
      'false',
      'false',
    ]);
  });

  it('A rate that fits soon may be repeated', async () => {
    const { error, header } = await denied(team([{ requests: 1, per: '10s', burst: 1 }]), 1);
    expect(error['code']).toBe('group_limit_exceeded');
    expect(error['message']).toMatch(
      /^Too many calls of the members of your team in a short time\./,
    );
    expect(header('x-should-retry')).toBe('true');
    expect(Number(header('retry-after'))).toBeGreaterThan(0);
  });

  it('The caller’s own limits come first', async () => {
    const own = { free: { ...plans.free, limits: [NONE] } };
    const { error } = await denied({ ...team([NONE], true), plans: own });
    expect(error['code']).toBe('quota_exceeded');
    expect(error['limits']).toHaveLength(1);
  });

  it('A global limit that is in the way, too, is named without figures', async () => {
    const { status, error } = await denied({ ...team([NONE], true), limits: [NONE] });
    expect([status, error['code']]).toEqual([429, 'group_limit_exceeded']);
    expect(error['message']).toMatch(/A limit of the whole service is in the way, too\.$/);
    expect(error['limits']).toHaveLength(1);
    expect(error['resets_at']).toBeUndefined();
  });

  it('The kind whose limit lasts longest is named, and only kinds that show figures show theirs', async () => {
    const { error } = await denied({
      groups: {
        team: { limits: [{ concurrent: 0 }], showFigures: true },
        org: { limits: [{ usd: 0, per: 'day' }] },
      },
      groupsOf: () => [
        { kind: 'org', id: 'o1' },
        { kind: 'team', id: 't1' },
      ],
    });
    expect(error['message']).toContain('your org');
    expect(error['limits']).toMatchObject([{ name: 'concurrent', groupKind: 'team' }]);
  });
});
