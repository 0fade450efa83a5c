import { describe, expect, it } from 'vitest';
import type { LimitSpec, WouldDenyEvent } from '../../src/index.ts';
import { errorReply } from '../../src/testing/fake-openai/error-replies.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const HEADER = 'x-guard-shadow';
const ONE: LimitSpec = { requests: 1, per: '24h', enforce: false };

async function startUnder(own: readonly LimitSpec[], global: readonly LimitSpec[] = []) {
  const plans = { free: { models: [MODEL], maxOutputTokens: 1_000, limits: own } };
  const fixture = await startFixture({ plans, limits: global });
  const events: WouldDenyEvent[] = [];
  fixture.guard.on('would_deny', (event) => void events.push(event));
  const token = await tokenOf(fixture.guard);
  const ask = async (more: object = {}) => {
    const answer = await post(fixture.guard, token, chat({ ...more }));
    await answer.text();
    return answer;
  };
  return {
    ...fixture,
    events,
    ask,
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

describe('A shadow limit (enforce: false)', () => {
  it('refuses nothing, and each call that it would have refused is one would_deny event', async () => {
    await using fixture = await startUnder([ONE]);
    for (let call = 0; call < 3; call += 1) expect((await fixture.ask()).status).toBe(200);
    expect(fixture.events).toHaveLength(2);
    const [first] = fixture.events;
    expect(first).toMatchObject({
      callId: fixture.settled[1]?.callId,
      userId: 'ada',
      plan: 'free',
      endpoint: 'chat.completions',
      model: MODEL,
    });
    expect(first?.limits).toMatchObject([
      {
        name: 'requests-24h',
        level: 'user',
        unit: 'requests',
        limit: 1,
        needed: 1,
        used: 1,
        remaining: 0,
        hard: true,
      },
    ]);
    expect(first?.limits[0]?.fitsAtMs).toBeGreaterThan(Date.now());
  });

  it.each([
    ['whole', {}],
    ['streamed', { stream: true }],
  ])('is named in x-guard-shadow of a %s answer that it would have refused', async (_, more) => {
    await using fixture = await startUnder([
      ONE,
      { usd: 0, per: 'day', enforce: false, name: 'money' },
    ]);
    expect((await fixture.ask(more)).headers.get(HEADER)).toBe('money');
    expect((await fixture.ask(more)).headers.get(HEADER)).toBe('requests-24h, money');
  });

  it('of all users is in the event, and its name reaches no client', async () => {
    const global = [{ ...ONE, name: 'of all' }];
    await using fixture = await startUnder([], global);
    await fixture.ask();
    const answer = await fixture.ask();
    expect(answer.headers.has(HEADER)).toBe(false);
    expect(fixture.events.map(({ limits }) => limits)).toMatchObject([
      [{ name: 'of all', level: 'global' }],
    ]);
  });

  it('is in neither the event nor the header of a denied call', async () => {
    await using fixture = await startUnder([ONE, { requests: 1, per: 'day' }]);
    await fixture.ask();
    const denied = await fixture.ask();
    expect([denied.status, denied.headers.get(HEADER)]).toEqual([429, null]);
    expect(fixture.events).toEqual([]);
  });

  it('is told once for a call that is sent twice', async () => {
    await using fixture = await startUnder([{ ...ONE, requests: 0 }]);
    const reply = errorReply(429, 'requests', 'rate_limit_exceeded', 'Slow down.');
    fixture.fake.scriptNext({ reply: { ...reply, headers: { 'retry-after': '0' } } });
    const answer = await fixture.ask();
    expect([answer.status, answer.headers.get(HEADER)]).toEqual([200, 'requests-24h']);
    expect(fixture.fake.requests).toHaveLength(2);
    expect(fixture.events).toHaveLength(1);
  });

  it('is no limit for the client: the RateLimit headers do not show it', async () => {
    await using fixture = await startUnder([ONE, { requests: 9, per: 'day', name: 'kept' }]);
    const { headers } = await fixture.ask();
    expect(headers.get('ratelimit-policy')).toBe('"kept";q=9;w=86400');
    expect(headers.get('ratelimit')).toMatch(/^"kept";r=8;t=\d+$/);
    await using alone = await startUnder([ONE]);
    expect((await alone.ask()).headers.has('ratelimit')).toBe(false);
  });

  it('lowers no output cap', async () => {
    await using fixture = await startUnder([{ outputTokens: 400, per: 'day', enforce: false }]);
    const { status } = await fixture.ask({ max_tokens: 900 });
    expect(status).toBe(200);
    expect(fixture.fake.requests[0]?.body).toMatchObject({ max_completion_tokens: 900 });
    expect(fixture.events[0]?.limits).toMatchObject([{ needed: 900, remaining: 400, used: 0 }]);
  });
});
