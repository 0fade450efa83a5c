import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const limits = [
  { requests: 2, per: '24h' },
  { tokens: 100_000, per: 'day' },
  { usd: 1, per: 'month' },
  { concurrent: 3 },
] as const;
const plans = {
  free: { models: [MODEL], maxOutputTokens: 100, limits },
  pro: { models: [MODEL], maxOutputTokens: 100, limits: [{ requests: 5, per: '24h' as const }] },
};

async function call(fixture: Fixture, user = 'ada'): Promise<string> {
  const done = fixture.settled.length + 1;
  const answer = await post(fixture.guard, await tokenOf(fixture.guard, user), chat());
  if (!answer.ok) return codeOf(answer);
  await answer.text();
  await expect.poll(() => fixture.settled.length, { interval: 1 }).toBe(done);
  return 'served';
}

const only = { plans: { free: plans.free } };

describe('users.usage', () => {
  it('usage returns the status of each limit of a user, in the unit of the limit', async () => {
    await using fixture = await startFixture(only);
    const fresh = await fixture.guard.users.usage('ada');
    expect(fresh).toMatchObject({ userId: 'ada', plan: 'free', block: undefined });
    expect(
      fresh.limits.map(({ name, unit, limit, used, held, remaining }) => [
        name,
        unit,
        limit,
        used,
        held,
        remaining,
      ]),
    ).toEqual([
      ['requests-24h', 'requests', 2, 0, 0, 2],
      ['tokens-day', 'tokens', 100_000, 0, 0, 100_000],
      ['usd-month', 'usd', 1, 0, 0, 1],
      ['concurrent', 'concurrent', 3, 0, 0, 3],
    ]);
    await call(fixture);
    const [requests, tokens, usd, concurrent] = (await fixture.guard.users.usage('ada')).limits;
    const [line] = fixture.fake.invoice;
    const used = (line?.inputTokens ?? 0) + (line?.outputTokens ?? 0);
    expect(requests).toMatchObject({ used: 1, held: 0, remaining: 1 });
    expect(tokens).toMatchObject({ used, remaining: 100_000 - used });
    expect(usd?.used).toBeCloseTo(line?.costUsd ?? Number.NaN, 9);
    expect(concurrent).toMatchObject({ used: 0, held: 0 });
    expect(tokens?.resetsAtMs).toBe(Math.ceil(Date.now() / 86_400_000) * 86_400_000);
  });

  it('usage shows what calls in flight hold', async () => {
    await using fixture = await startFixture(only);
    const { guard, fake } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const pending = post(guard, await tokenOf(guard), chat());
    await gate.arrived();
    const [requests, tokens, , concurrent] = (await guard.users.usage('ada')).limits;
    expect(requests).toMatchObject({ used: 0, held: 1, remaining: 1 });
    expect(concurrent).toMatchObject({ held: 1, remaining: 2 });
    expect(tokens?.held).toBeGreaterThan(100);
    gate.open();
    expect((await pending).status).toBe(200);
  });

  it('usage changes nothing', async () => {
    await using fixture = await startFixture(only);
    const before = await fixture.guard.users.usage('ada');
    expect(await fixture.guard.users.usage('ada')).toEqual(before);
  });
});

describe('users.block and users.unblock', () => {
  it('A block holds until its date, which usage shows', async () => {
    let nowMs = Date.now();
    await using fixture = await startFixture({ ...only, clock: { nowMs: () => nowMs } });
    const { guard } = fixture;
    const until = new Date(nowMs + 60_000);
    await guard.users.block('ada', { reason: 'spam', until });
    expect(await call(fixture)).toBe('user_blocked');
    expect((await guard.users.usage('ada')).block).toEqual({
      reason: 'spam',
      untilMs: until.getTime(),
    });
    expect(fixture.denied[0]?.message).toContain('spam');
    nowMs += 60_000;
    expect(await call(fixture)).toBe('served');
    expect((await guard.users.usage('ada')).block).toBeUndefined();
  });

  it('A new block replaces an earlier one, and unblock ends it and may be repeated', async () => {
    await using fixture = await startFixture(only);
    const { users } = fixture.guard;
    await users.block('ada', { reason: 'one', until: new Date(Date.now() + 1) });
    await users.block('ada', { reason: 'two' });
    expect((await users.usage('ada')).block).toEqual({ reason: 'two' });
    await users.unblock('ada');
    await users.unblock('ada');
    expect(await call(fixture)).toBe('served');
  });

  it('block and unblock keep revocations and usage', async () => {
    await using fixture = await startFixture(only);
    const { guard } = fixture;
    const old = await tokenOf(guard);
    await call(fixture);
    await guard.tokens.revokeAll('ada');
    await guard.users.block('ada', { reason: 'x' });
    await guard.users.unblock('ada');
    expect((await post(guard, old, chat())).status).toBe(401);
    expect((await guard.users.usage('ada')).limits[0]).toMatchObject({ used: 1 });
  });

  it.each([
    {},
    { reason: '' },
    { reason: 'x', until: 'tomorrow' },
    { reason: 'x', forever: true },
    { reason: 'x', until: new Date('no') },
  ])('users.block throws a TypeError for %o', async (block) => {
    await using fixture = await startFixture(only);
    await expect(fixture.guard.users.block('ada', block as never)).rejects.toThrow(/"users\.block/);
  });
});

describe('users.grant and users.reset', () => {
  it('grant adds room to the running windows once', async () => {
    await using fixture = await startFixture(only);
    for (const _ of [1, 2]) expect(await call(fixture)).toBe('served');
    expect(await call(fixture)).toBe('quota_exceeded');
    const { limits: after } = await fixture.guard.users.grant('ada', { requests: 1, usd: 0.5 });
    expect(after[0]).toMatchObject({ used: 1, remaining: 1 });
    expect(after[2]?.remaining).toBeGreaterThan(1.4);
    expect(await call(fixture)).toBe('served');
    expect(await call(fixture)).toBe('quota_exceeded');
    expect(await call(fixture, 'bob')).toBe('served');
  });

  it('reset restores the full quota in every unit', async () => {
    await using fixture = await startFixture(only);
    for (const _ of [1, 2]) expect(await call(fixture)).toBe('served');
    const { limits: after } = await fixture.guard.users.reset('ada');
    expect(after.map(({ used }) => used)).toEqual([0, 0, 0, 0]);
    for (const _ of [1, 2]) expect(await call(fixture)).toBe('served');
    expect(await call(fixture)).toBe('quota_exceeded');
  });

  it('reset clears what was used and keeps what is held', async () => {
    await using fixture = await startFixture(only);
    const { guard, fake } = fixture;
    await call(fixture);
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const pending = post(guard, await tokenOf(guard), chat());
    await gate.arrived();
    const { limits: after } = await guard.users.reset('ada');
    expect(after[0]).toMatchObject({ used: 0, held: 1, remaining: 1 });
    expect(after[3]).toMatchObject({ held: 1 });
    gate.open();
    await (await pending).text();
    await expect.poll(() => fixture.settled.length).toBe(2);
    expect((await guard.users.usage('ada')).limits[0]).toMatchObject({ used: 1, held: 0 });
  });

  it.each([{ requests: -1 }, { requests: 1.5 }, { usd: Number.NaN }, { usd: '1' }, { coins: 1 }])(
    'grant throws a TypeError for %o',
    async (grant) => {
      await using fixture = await startFixture(only);
      await expect(fixture.guard.users.grant('ada', grant as never)).rejects.toThrow(
        /"users\.grant/,
      );
    },
  );
});

describe('users.changed', () => {
  it('An upgrade applies at once after users.changed, and what was used stays used', async () => {
    let plan = 'free';
    let asked = 0;
    const planOf = async () => {
      asked += 1;
      return plan;
    };
    await using fixture = await startFixture({ plans, planOf, ledger: memoryLedger() });
    for (const _ of [1, 2]) expect(await call(fixture)).toBe('served');
    plan = 'pro';
    expect(await call(fixture)).toBe('quota_exceeded');
    expect(asked).toBe(1);
    await fixture.guard.users.changed('ada');
    expect(await call(fixture)).toBe('served');
    expect(asked).toBe(2);
    const usage = await fixture.guard.users.usage('ada');
    expect(usage).toMatchObject({ plan: 'pro', limits: [{ used: 3, remaining: 2 }] });
  });
});
