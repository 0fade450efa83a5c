import { describe, expect, it } from 'vitest';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: ['gpt-4o'] }, pro: { models: [MODEL] } };
const statusOf = async (...args: Parameters<typeof post>) => (await post(...args)).status;

describe('planOf', () => {
  it('is asked at every call when it answers at once', async () => {
    let plan = 'free';
    await using fixture = await startFixture({ plans, planOf: () => plan });
    const token = await tokenOf(fixture.guard);
    expect(await statusOf(fixture.guard, token, chat())).toBe(403);
    plan = 'pro';
    expect(await statusOf(fixture.guard, token, chat())).toBe(200);
  });

  it('is asked once for all calls of a user at the same time, and again after "planTtl"', async () => {
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
    ['names no plan', () => 'gold'],
    ['names no plan later', () => Promise.resolve('gold')],
    ['answers nothing', () => undefined as never],
    ['answers NaN', () => Number.NaN as never],
    ['hangs', () => new Promise<string>(() => {})],
  ])('that %s ends the call with 500, sends nothing and holds nothing', async (_, planOf) => {
    await using fixture = await startFixture({ plans, planOf, timeouts: { hook: '30ms' } });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([500, 'internal_error']);
    expect(fixture.failed).toMatchObject([{ source: 'internal' }]);
    expect(fixture.fake.requests).toEqual([]);
    expect(fixture.released).toEqual([]);
  });

  it('that failed is asked again at the next call', async () => {
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

  it('may be left out where there is one plan, or where every user carries one', async () => {
    await using one = await startFixture({ plans: { pro: plans.pro } });
    expect(await statusOf(one.guard, await tokenOf(one.guard), chat())).toBe(200);
    await using two = await startFixture({ plans });
    const { value } = await two.guard.tokens.issue({ user: 'ada', plan: 'pro' });
    expect(await statusOf(two.guard, value, chat())).toBe(200);
    expect(await statusOf(two.guard, await tokenOf(two.guard), chat())).toBe(500);
  });
});
