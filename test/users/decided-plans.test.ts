import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitSpec, UserUsage } from '../../src/index.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = {
  free: { models: [MODEL], limits: [{ requests: 1, per: '24h' }] as LimitSpec[] },
  pro: {
    models: ['gpt-4o', MODEL],
    maxOutputTokens: 50,
    limits: [{ requests: 3, per: '24h' }, { concurrent: 2 }] as LimitSpec[],
  },
  vision: {
    models: [MODEL],
    maxOutputTokens: 80,
    allow: { images: {} },
    limits: [{ requests: 2, per: '24h' }, { concurrent: 4 }] as LimitSpec[],
  },
};
const options = { plans, planOf: () => 'free' };

async function call({ guard }: Fixture, user = 'ada', body = chat()): Promise<string> {
  const answer = await post(guard, await tokenOf(guard, user), body);
  return answer.status === 200 ? 'served' : ((await codeOf(answer)) ?? String(answer.status));
}

const amounts = ({ limits }: UserUsage) => limits.map(({ name, limit }) => [name, limit]);

describe('users.setPlan', () => {
  it('setPlan overrides planOf at the next call and keeps what was used', async () => {
    await using fixture = await startFixture(options);
    const { users } = fixture.guard;
    expect([await call(fixture), await call(fixture)]).toEqual(['served', 'quota_exceeded']);
    expect(await users.setPlan('ada', 'pro')).toBe(true);
    expect(await call(fixture)).toBe('served');
    expect(await users.usage('ada')).toMatchObject({ plan: 'pro', limits: [{ used: 2 }, {}] });
    expect(await users.setPlan('ada', undefined)).toBe(true);
    expect(await call(fixture)).toBe('quota_exceeded');
  });

  it('A plan from setPlan ends at its date', async () => {
    let nowMs = Date.now();
    const clock = { nowMs: () => nowMs };
    await using fixture = await startFixture({ ...options, clock });
    const { users } = fixture.guard;
    await users.setPlan('ada', 'pro', { until: new Date(nowMs + 1_000) });
    expect((await users.usage('ada')).plan).toBe('pro');
    nowMs += 1_000;
    expect((await users.usage('ada')).plan).toBe('free');
  });

  it('The plan with the latest asOf applies, in whatever order and however often they arrive', async () => {
    const pushes = ['free', 'pro', undefined, 'vision'].map((plan, at) => ({ plan, at }));
    const anyOrder = fc.array(fc.constantFrom(...pushes), { minLength: 8, maxLength: 12 });
    const property = fc.asyncProperty(anyOrder, async (order) => {
      await using fixture = await startFixture(options);
      const { users } = fixture.guard;
      for (const { plan, at } of order) await users.setPlan('ada', plan, { asOf: new Date(at) });
      const latest = order.reduce((a, b) => (b.at > a.at ? b : a));
      expect((await users.usage('ada')).plan).toBe(latest.plan ?? 'free');
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it.each([['gold'], [['pro', 'gold']], [['']], ['']])(
    'setPlan throws a TypeError for the unknown plan %o',
    async (plan) => {
      await using fixture = await startFixture(options);
      await expect(fixture.guard.users.setPlan('ada', plan)).rejects.toThrow(TypeError);
      expect((await fixture.guard.users.usage('ada')).plan).toBe('free');
    },
  );
});

describe('Several plans at once', () => {
  it('Several plans give the most generous of each limit and everything that any of them allows', async () => {
    await using fixture = await startFixture(options);
    const { users } = fixture.guard;
    await users.setPlan('ada', ['pro', 'vision']);
    const usage = await users.usage('ada');
    expect(usage.plan).toBe('pro+vision');
    expect(amounts(usage)).toEqual([
      ['requests-24h', 3],
      ['concurrent', 4],
    ]);
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const messages = [{ role: 'user', content: [image] }];
    expect(await call(fixture, 'ada', chat({ messages }))).toBe('served');
    expect(await call(fixture, 'ada', chat({ model: 'gpt-4o' }))).toBe('served');
    expect(
      fixture.fake.requests.map(
        ({ body }) => (body as Record<string, unknown>)['max_completion_tokens'],
      ),
    ).toEqual([80, 80]);
  });

  it('A limit that only one of several plans has applies', async () => {
    await using fixture = await startFixture({ ...options, planOf: () => ['free', 'vision'] });
    expect(amounts(await fixture.guard.users.usage('ada'))).toEqual([
      ['requests-24h', 2],
      ['concurrent', 4],
    ]);
  });

  it('A plan that is named twice counts once, and an empty list is an error', async () => {
    await using fixture = await startFixture({ ...options, planOf: ({ id }) => [id, id] });
    expect((await fixture.guard.users.usage('pro')).plan).toBe('pro');
    await expect(fixture.guard.users.usage('ada')).rejects.toThrow(
      '"planOf" returned "ada", which is no plan: the plans are',
    );
    await using none = await startFixture({ ...options, planOf: () => [] });
    await expect(none.guard.users.usage('ada')).rejects.toThrow('which is no plan');
  });
});

describe('users.setLimits', () => {
  it('setLimits replaces equal limits, adds the others, and ends when it is undone', async () => {
    await using fixture = await startFixture(options);
    const { users } = fixture.guard;
    const limits: LimitSpec[] = [
      { requests: 2, per: '24h' },
      { usd: 1, per: 'day' },
    ];
    await users.setLimits('ada', limits);
    expect(amounts(await users.usage('ada'))).toEqual([
      ['requests-24h', 2],
      ['usd-day', 1],
    ]);
    expect([await call(fixture), await call(fixture), await call(fixture)]).toEqual([
      'served',
      'served',
      'quota_exceeded',
    ]);
    expect(await call(fixture, 'bob')).toBe('served');
    expect(await call(fixture, 'bob')).toBe('quota_exceeded');
    await users.setLimits('ada', undefined);
    expect(amounts(await users.usage('ada'))).toEqual([['requests-24h', 1]]);
  });

  it.each([
    [[{ requests: -1, per: 'day' }]],
    [[{ requests: 1, per: 'day', anchor: () => '' }]],
    ['x'],
  ])('The limits %j throw a TypeError that names the option', async (limits) => {
    await using fixture = await startFixture(options);
    const { users, tokens } = fixture.guard;
    await expect(users.setLimits('ada', limits as never)).rejects.toThrow(/"users\.setLimits/);
    const issue = tokens.issue({ user: 'ada', limits: limits as never });
    await expect(issue).rejects.toThrow(/"tokens\.issue/);
  });
});

describe('A plan look-up that fails', () => {
  it('Users keep their plan for "planStale" while the look-up fails, and then the call fails', async () => {
    let nowMs = Date.now();
    let asked = 0;
    let fails = false;
    const planOf = async () => {
      asked += 1;
      if (fails) throw new Error('db down');
      return 'pro';
    };
    const clock = { nowMs: () => nowMs };
    await using fixture = await startFixture({
      plans,
      planOf,
      clock,
      planTtl: '10s',
      planStale: '60s',
    });
    const planNow = async () => (await fixture.guard.users.usage('ada')).plan;
    expect(await planNow()).toBe('pro');
    fails = true;
    nowMs += 10_000;
    expect([await planNow(), await planNow()]).toEqual(['pro', 'pro']);
    // Once for both calls, so that a failing billing service is not flooded.
    expect(asked).toBe(2);
    nowMs += 50_000;
    await expect(planNow()).rejects.toThrow('db down');
    fails = false;
    expect(await planNow()).toBe('pro');
  });

  it('A failed look-up is not hidden for a user whose plan was reported as changed', async () => {
    let fails = false;
    const planOf = async () => {
      if (fails) throw new Error('db down');
      return 'pro';
    };
    await using fixture = await startFixture({ plans, planOf });
    const { users } = fixture.guard;
    await users.usage('ada');
    fails = true;
    await users.changed('ada');
    await expect(users.usage('ada')).rejects.toThrow('db down');
  });
});

describe('users.merge', () => {
  const planOf = ({ anonymous }: { anonymous?: boolean }) => (anonymous ? 'free' : 'pro');
  const visitor = { id: 'anonymous:1', anonymous: true };
  const used = async ({ guard }: Fixture, user: string | typeof visitor) =>
    (await guard.users.usage(user)).limits[0]?.used;

  it('merge adds the usage before the sign-up once and leaves the visitor’s usage unchanged', async () => {
    await using fixture = await startFixture({ plans, planOf });
    const { guard } = fixture;
    await (await guard.client(visitor).chat.completions.create(chat() as never)).id;
    expect(await call(fixture)).toBe('served');
    expect(await guard.users.merge(visitor, 'ada')).toBe(true);
    expect([await used(fixture, visitor), await used(fixture, 'ada')]).toEqual([1, 2]);
    expect(await guard.users.merge(visitor, 'ada')).toBe(false);
    expect(await used(fixture, 'ada')).toBe(2);
    expect([await call(fixture), await call(fixture)]).toEqual(['served', 'quota_exceeded']);
  });

  it('merge carries a block over, because a block applies to the person', async () => {
    await using fixture = await startFixture({ plans, planOf });
    await fixture.guard.users.block(visitor.id, { reason: 'abuse' });
    await fixture.guard.users.merge(visitor, 'ada');
    expect(await call(fixture)).toBe('user_blocked');
  });

  it('merge of a user with themselves does nothing, and merged usage cannot exceed a limit', async () => {
    await using fixture = await startFixture({ plans, planOf });
    const { users } = fixture.guard;
    expect(await users.merge('ada', 'ada')).toBe(false);
    for (const _ of [1, 2, 3]) await call(fixture);
    for (const _ of [1, 2, 3]) await call(fixture, 'bob');
    expect(await users.merge('bob', 'ada')).toBe(true);
    expect(await call(fixture)).toBe('quota_exceeded');
  });
});

describe('Anonymous users with a shared limit', () => {
  it('Anonymous users share a limit that takes nothing from users who are logged in', async () => {
    const shared = { ...options, anonymousLimits: [{ requests: 2, per: '24h' }] as LimitSpec[] };
    await using fixture = await startFixture({ ...shared, limits: [{ requests: 9, per: '24h' }] });
    const ask = async (id: string, anonymous: boolean) => {
      const answer = await fixture.guard.fetchAs({ id, anonymous })(
        'http://x/v1/chat/completions',
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(chat()),
        },
      );
      await answer.text();
      return answer.headers.get('x-guard-code') ?? 'served';
    };
    expect(await ask('a', true)).toBe('served');
    expect(await ask('b', true)).toBe('served');
    expect(await ask('c', true)).toBe('service_budget_exceeded');
    expect(await ask('ada', false)).toBe('served');
    expect(await ask('ada', false)).toBe('quota_exceeded');
  });
});
