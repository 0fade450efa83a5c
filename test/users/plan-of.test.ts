import { describe, expect, it } from 'vitest';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: ['gpt-4o'] }, pro: { models: [MODEL] } };
const statusOf = async (...args: Parameters<typeof post>) => (await post(...args)).status;

describe('planOf', () => {
  it('A planOf that returns at once is called for every call', async () => {
    let plan = 'free';
    await using fixture = await startFixture({ plans, planOf: () => plan });
    const token = await tokenOf(fixture.guard);
    expect(await statusOf(fixture.guard, token, chat())).toBe(403);
    plan = 'pro';
    expect(await statusOf(fixture.guard, token, chat())).toBe(200);
  });

  it('An async planOf is called once for simultaneous calls of a user, and again after "planTtl"', async () => {
    let nowMs = Date.now();
    const asked: string[] = [];
    const planOf = async ({ id }: { id: string }) => {
      asked.push(id);
      return 'pro';
    };
    const clock = { nowMs: () => nowMs };
    await using fixture = await startFixture({ plans, planOf, planTtl: '10s', clock });
    const { guard } = fixture;
    const [ada, bob] = [await tokenOf(guard), await tokenOf(guard, 'bob')];
    await Promise.all([ada, ada, ada, bob].map((token) => statusOf(guard, token, chat())));
    expect(asked.sort()).toEqual(['ada', 'bob']);
    nowMs += 9_999;
    await statusOf(guard, ada, chat());
    expect(asked).toHaveLength(2);
    nowMs += 1;
    await statusOf(guard, ada, chat());
    expect(asked).toHaveLength(3);
  });

  it.each<[string, () => string | Promise<string>]>([
    [
      'throws',
      () => {
        throw new Error('db down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('db down'))],
    ['returns an unknown plan', () => 'gold'],
    ['resolves to an unknown plan', () => Promise.resolve('gold')],
    ['returns undefined', () => undefined as never],
    ['returns NaN', () => Number.NaN as never],
    ['hangs', () => new Promise<string>(() => {})],
  ])('A planOf that %s fails the call with 500 and holds nothing', async (_, planOf) => {
    await using fixture = await startFixture({ plans, planOf, timeouts: { hook: '30ms' } });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([500, 'internal_error']);
    expect(fixture.failed).toMatchObject([{ source: 'internal' }]);
    expect(fixture.fake.requests).toEqual([]);
    expect(fixture.released).toEqual([]);
  });

  it('A planOf that failed is called again at the next call', async () => {
    let fails = true;
    const planOf = async () => {
      if (fails) throw new Error('db down');
      return 'pro';
    };
    await using fixture = await startFixture({ plans, planOf });
    const token = await tokenOf(fixture.guard);
    expect(await statusOf(fixture.guard, token, chat())).toBe(500);
    fails = false;
    expect(await statusOf(fixture.guard, token, chat())).toBe(200);
  });

  it('planOf may be left out with one plan, or when every user carries a plan', async () => {
    await using one = await startFixture({ plans: { pro: plans.pro } });
    expect(await statusOf(one.guard, await tokenOf(one.guard), chat())).toBe(200);
    await using two = await startFixture({ plans });
    const { value } = await two.guard.tokens.issue({ user: 'ada', plan: 'pro' });
    expect(await statusOf(two.guard, value, chat())).toBe(200);
    expect(await statusOf(two.guard, await tokenOf(two.guard), chat())).toBe(500);
  });
});
