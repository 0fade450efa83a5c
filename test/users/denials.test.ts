import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const models = [MODEL];
type Limits = NonNullable<Parameters<typeof startFixture>[0]>['limits'] & object;
const plan = (limits: Limits) => ({ free: { models, maxOutputTokens: 100, limits } });

describe('Global limits', () => {
  it.each<[string, Limits]>([
    ['money', [{ usd: 0.000001, per: 'day' }]],
    ['requests', [{ requests: 0, per: '24h' }]],
    ['tokens', [{ tokens: 1, per: 'month' }]],
    ['calls in flight', [{ concurrent: 0 }]],
  ])('A global limit on %s denies with 503 and shows no figure', async (_, everybody) => {
    await using fixture = await startFixture({
      plans: plan([{ requests: 77, per: '24h', name: 'mine' }]),
      limits: everybody,
    });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.headers.get('retry-after')).toBeNull();
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect(error).toEqual({
      message: expect.any(String),
      type: 'service_unavailable',
      param: null,
      code: 'service_budget_exceeded',
    });
    expect(`${error['message']}${answer.headers.get('ratelimit') ?? ''}`).not.toMatch(
      /\d{2}|usd|global/,
    );
  });

  it('Global limits never appear in the headers of a response', async () => {
    await using fixture = await startFixture({
      plans: plan([{ requests: 5, per: '24h', name: 'mine' }]),
      limits: [
        { usd: 50, per: 'day', name: 'ours' },
        { requests: 1_000, per: 'day' },
      ],
    });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.headers.get('ratelimit-policy')).toBe('"mine";q=5;w=86400');
    expect(answer.headers.get('ratelimit')).toMatch(/^"mine";r=4(;t=\d+)?$/);
    expect(JSON.stringify([...answer.headers])).not.toMatch(/ours|requests-day/);
  });

  it('A global limit sends Retry-After only when it resets soon', async () => {
    await using fixture = await startFixture({
      plans: plan([]),
      limits: [{ requests: 1, per: '10s', burst: 1 }],
    });
    const token = await tokenOf(fixture.guard);
    await (await post(fixture.guard, token, chat())).text();
    const answer = await post(fixture.guard, token, chat());
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'service_budget_exceeded']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(11);
  });
});

describe('A call that exceeds several limits', () => {
  it('A denial has the code of the limit that lasts longest, and lists all of the caller’s limits', async () => {
    await using fixture = await startFixture({
      plans: plan([
        { concurrent: 0 },
        { requests: 0, per: 'minute', burst: 1, name: 'rate' },
        { requests: 0, per: '24h', name: 'quota' },
        { usd: 0, per: 'month', name: 'budget' },
      ]),
      limits: [{ usd: 0, per: 'day' }],
    });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(429);
    const { error } = (await answer.json()) as {
      error: { code: string; limits: { name: string }[] };
    };
    expect(error.code).toBe('budget_exceeded');
    expect(error.limits.map(({ name }) => name)).toEqual(['budget', 'quota', 'rate', 'concurrent']);
  });

  it.each<[string, Limits, string, string]>([
    ['requests in a window', [{ requests: 0, per: '24h' }], 'quota_exceeded', 'insufficient_quota'],
    ['tokens in a window', [{ tokens: 0, per: 'day' }], 'quota_exceeded', 'insufficient_quota'],
    ['money', [{ usd: 0, per: 'month' }], 'budget_exceeded', 'insufficient_quota'],
    [
      'a rate',
      [{ requests: 0, per: 'minute', burst: 1 }],
      'rate_limit_exceeded',
      'rate_limit_exceeded',
    ],
    ['calls in flight', [{ concurrent: 0 }], 'too_many_concurrent', 'rate_limit_exceeded'],
  ])('A denial has the code of the exceeded limit: %s', async (_, limits, code, type) => {
    await using fixture = await startFixture({ plans: plan(limits) });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.headers.get('x-guard-code')).toBe(code);
    expect(await answer.json()).toMatchObject({ error: { code, type, param: null } });
  });
});

describe('The order of denials', () => {
  const bad = { model: 'gpt-99', unknown: 1 };
  it('Denials follow the order credential, block, path, plan, body, model, limits', async () => {
    const limits = [{ requests: 0, per: '24h' }] as const;
    const endpoints = ['chat.completions', 'moderations'] as const;
    await using fixture = await startFixture({
      plans: { free: { models, limits, endpoints: [...endpoints] } },
    });
    const { guard } = fixture;
    const token = await tokenOf(guard);
    const codes = async (credential: string, path: string, body: unknown) =>
      codeOf(await post(guard, credential, body, path));
    const chatPath = '/v1/chat/completions';
    await guard.users.block('ada', { reason: 'x' });
    expect(await codes('forged', '/nowhere', bad)).toBe('invalid_credential');
    expect(await codes(token, '/nowhere', bad)).toBe('user_blocked');
    await guard.users.unblock('ada');
    expect(await codes(token, '/nowhere', bad)).toBe('unknown_endpoint');
    expect(await codes(token, '/v1/responses', bad)).toBe('endpoint_not_allowed');
    expect(await codes(token, chatPath, '{')).toBe('invalid_request');
    expect(await codes(token, chatPath, bad)).toBe('parameter_not_allowed');
    expect(await codes(token, chatPath, chat({ model: 'gpt-5' }))).toBe('model_not_allowed');
    expect(await codes(token, chatPath, chat())).toBe('quota_exceeded');
    expect(fixture.fake.requests).toEqual([]);
  });
});

describe('A limit with a burst', () => {
  it('The denial and users.usage show the burst beside the limit', async () => {
    const clock = { nowMs: () => Date.parse('2026-11-23T12:00:00Z') };
    await using fixture = await startFixture({
      clock,
      ledger: memoryLedger({ clock }),
      plans: plan([{ requests: 60, per: 'minute', burst: 2 }]),
    });
    const { guard } = fixture;
    const token = await tokenOf(guard);
    await (await post(guard, token, chat())).text();
    await (await post(guard, token, chat())).text();
    const { error } = (await (await post(guard, token, chat())).json()) as {
      error: { message: string; limits: object[] };
    };
    expect(error.message).toBe(
      'Too many calls in a short time. Limit "requests-minute": 60 requests per minute, at most 2 at once, 0 left. It fits again at 2026-11-23T12:00:01.000Z.',
    );
    expect(error.limits).toMatchObject([{ limit: 60, burst: 2, remaining: 0 }]);
    const { limits } = await guard.users.usage('ada');
    expect(limits).toMatchObject([{ limit: 60, burst: 2, used: 2, held: 0, remaining: 0 }]);
  });
});
