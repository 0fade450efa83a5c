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
    allow: { images: { tokensEach: 100 } },
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
  it('goes before planOf at the next call, and what was used stays used', async () => {
    await using fixture = await startFixture(options);
    const { users } = fixture.guard;
    expect([await call(fixture), await call(fixture)]).toEqual(['served', 'quota_exceeded']);
    expect(await users.setPlan('ada', 'pro')).toBe(true);
    expect(await call(fixture)).toBe('served');
    expect(await users.usage('ada')).toMatchObject({ plan: 'pro', limits: [{ used: 2 }, {}] });
    expect(await users.setPlan('ada', undefined)).toBe(true);
    expect(await call(fixture)).toBe('quota_exceeded');
  });

  it('ends by itself', async () => {
    let nowMs = Date.now();
    const clock = { nowMs: () => nowMs };
    await using fixture = await startFixture({ ...options, clock });
    const { users } = fixture.guard;
    await users.setPlan('ada', 'pro', { until: new Date(nowMs + 1_000) });
    expect((await users.usage('ada')).plan).toBe('pro');
    nowMs += 1_000;
    expect((await users.usage('ada')).plan).toBe('free');
  });

  it('takes the latest of what billing says, in whichever order it comes and however often', async () => {
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
    'refuses %o, which is no plan',
    async (plan) => {
      await using fixture = await startFixture(options);
      await expect(fixture.guard.users.setPlan('ada', plan)).rejects.toThrow(TypeError);
      expect((await fixture.guard.users.usage('ada')).plan).toBe('free');
    },
  );
});

describe('several plans at once', () => {
  it('give the most generous of each limit, and all that any of them allows', async () => {
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

  it('keep a limit that only one of them has', async () => {
    await using fixture = await startFixture({ ...options, planOf: () => ['free', 'vision'] });
    expect(amounts(await fixture.guard.users.usage('ada'))).toEqual([
      ['requests-24h', 2],
      ['concurrent', 4],
    ]);
  });

  it('of one name are that plan, and none is a mistake', async () => {
    await using fixture = await startFixture({ ...options, planOf: ({ id }) => [id, id] });
    expect((await fixture.guard.users.usage('pro')).plan).toBe('pro');
    await expect(fixture.guard.users.usage('ada')).rejects.toThrow('"ada" is no plan');
    await using none = await startFixture({ ...options, planOf: () => [] });
    await expect(none.guard.users.usage('ada')).rejects.toThrow('is no plan');
  });
});

describe('users.setLimits', () => {
  it('replaces what counts the same, adds the rest, and ends when taken back', async () => {
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
  ])('refuses %j with a TypeError that names it', async (limits) => {
    await using fixture = await startFixture(options);
    const { users, tokens } = fixture.guard;
    await expect(users.setLimits('ada', limits as never)).rejects.toThrow(/"users\.setLimits/);
    const issue = tokens.issue({ user: 'ada', limits: limits as never });
    await expect(issue).rejects.toThrow(/"tokens\.issue/);
  });
});

describe('a look-up of plans that fails', () => {
  it('leaves users the plan they had, for "planStale", and then fails', async () => {
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
    // Once for both: a billing service that is down is not hammered.
    expect(asked).toBe(2);
    nowMs += 50_000;
    await expect(planNow()).rejects.toThrow('db down');
    fails = false;
    expect(await planNow()).toBe('pro');
  });

  it('is not covered up for a user whose plan was said to have changed', async () => {
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

  it('counts once what was used before signing up, and leaves the visitor where he was', async () => {
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

  it('carries a block, since that is about the person (A46)', async () => {
    await using fixture = await startFixture({ plans, planOf });
    await fixture.guard.users.block(visitor.id, { reason: 'abuse' });
    await fixture.guard.users.merge(visitor, 'ada');
    expect(await call(fixture)).toBe('user_blocked');
  });

  it('does nothing with one user, and nothing that goes over a limit', async () => {
    await using fixture = await startFixture({ plans, planOf });
    const { users } = fixture.guard;
    expect(await users.merge('ada', 'ada')).toBe(false);
    for (const _ of [1, 2, 3]) await call(fixture);
    for (const _ of [1, 2, 3]) await call(fixture, 'bob');
    expect(await users.merge('bob', 'ada')).toBe(true);
    expect(await call(fixture)).toBe('quota_exceeded');
  });
});

describe('anonymous users', () => {
  it('share a pool that cannot take anything from those who signed in', async () => {
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
