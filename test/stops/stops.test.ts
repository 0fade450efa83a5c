import { describe, expect, it } from 'vitest';
import type { GuardOptions, StopSpec } from '../../src/index.ts';
import { errorReply } from '../../src/testing/fake-openai/error-replies.ts';
import { chat, codeOf, type Fixture, post, startFixture, tokenOf } from '../fixture.ts';
import { fullUpstream } from '../upstream/waiting/full-upstream.ts';

const models = ['gpt-5', 'gpt-5-mini', 'gpt-5-2025-08-07', 'chat', 'large'];
const plans = {
  free: { models, maxOutputTokens: 100, limits: [{ requests: 100, per: '24h' }] },
  pro: { models: ['*'], maxOutputTokens: 100 },
} as const;

const reason = 'We are looking into a problem.';

interface Stopped extends Fixture {
  /** The code of a denied call of a user with these plans, or `served`. */
  ask(model: string, plan?: 'free' | 'pro' | readonly ('free' | 'pro')[]): Promise<string>;
}

async function start(options: Partial<GuardOptions> = {}): Promise<Stopped> {
  const fixture = await startFixture({
    plans,
    planOf: () => 'free',
    models: { chat: ['gpt-5', 'gpt-5-mini'], large: ['gpt-5'] },
    ...options,
  });
  const { guard } = fixture;
  return {
    ...fixture,
    async ask(model, plan = 'free') {
      const user = [plan].flat().join('-');
      await guard.users.setPlan(user, plan);
      const answer = await post(guard, await tokenOf(guard, user), chat({ model }));
      return answer.ok ? 'served' : codeOf(answer);
    },
  };
}

const sentModels = ({ fake }: Fixture) =>
  fake.requests.map(({ body }) => (body as { model: string }).model);

describe('guard.stop', () => {
  it('A stop of everything denies every call with its reason, and none reaches OpenAI', async () => {
    await using fixture = await start();
    const { guard, fake } = fixture;
    await guard.stop({ reason });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(answer.headers.has('retry-after')).toBe(false);
    expect(await answer.json()).toMatchObject({
      error: {
        code: 'service_stopped',
        type: 'service_unavailable',
        message: `The service is stopped: ${reason}`,
      },
    });
    await expect(guard.client('ada').models.list()).rejects.toMatchObject({
      status: 503,
      code: 'service_stopped',
    });
    const fetched = await guard.fetchAs('ada')('https://api.openai.com/v1/embeddings', {
      method: 'POST',
      body: 'not read',
    });
    expect(await codeOf(fetched)).toBe('service_stopped');
    expect(fake.requests).toEqual([]);
    expect(await guard.resume()).toBe(true);
    expect(await fixture.ask('gpt-5')).toBe('served');
  });

  it('A wrong credential gets 401 while everything is stopped', async () => {
    await using fixture = await start();
    await fixture.guard.stop({ reason });
    expect((await post(fixture.guard, 'forged', chat())).status).toBe(401);
  });

  it.each<[what: string, Omit<StopSpec, 'reason'>, denied: string[], served: string[]]>([
    [
      'an exact name',
      { models: ['gpt-5'] },
      ['gpt-5', 'gpt-5-2025-08-07', 'large'],
      ['gpt-5-mini'],
    ],
    ['a snapshot', { models: ['gpt-5-2025-08-07'] }, ['gpt-5-2025-08-07'], ['gpt-5', 'large']],
    ['a pattern', { models: ['gpt-5*'] }, ['gpt-5', 'gpt-5-mini', 'chat', 'large'], []],
    ['an alias', { models: ['large'] }, ['large'], ['gpt-5', 'chat']],
    ['an endpoint', { endpoints: ['chat.completions'] }, ['gpt-5', 'chat'], []],
    ['another endpoint', { endpoints: ['responses'] }, [], ['gpt-5', 'chat']],
    ['a plan', { plans: ['free'] }, ['gpt-5', 'gpt-5-mini'], []],
    ['another plan', { plans: ['pro'] }, [], ['gpt-5', 'gpt-5-mini']],
    ['a model of another plan', { plans: ['pro'], models: ['gpt-5'] }, [], ['gpt-5']],
    ['a model of an endpoint', { endpoints: ['responses'], models: ['gpt-5'] }, [], ['gpt-5']],
  ])(
    'A stop of %s denies only calls that match all of its lists',
    async (_, scope, denied, served) => {
      await using fixture = await start();
      await fixture.guard.stop({ reason, ...scope });
      for (const model of denied) expect(await fixture.ask(model)).toBe('service_stopped');
      expect(fixture.fake.requests).toEqual([]);
      for (const model of served) expect(await fixture.ask(model)).toBe('served');
    },
  );

  it('A stopped plan denies users who have it beside another plan', async () => {
    await using fixture = await start();
    await fixture.guard.stop({ reason, plans: ['pro'] });
    expect(await fixture.ask('gpt-5', ['free', 'pro'])).toBe('service_stopped');
    expect(await fixture.ask('gpt-5', 'pro')).toBe('service_stopped');
    expect(await fixture.ask('gpt-5', 'free')).toBe('served');
  });

  it('An alias goes to those of its models that are not stopped', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    expect(await fixture.ask('chat')).toBe('served');
    await guard.stop({ reason, models: ['gpt-5'] });
    expect(await fixture.ask('chat')).toBe('served');
    await guard.stop({ reason, models: ['gpt-5-mini'] });
    expect(await fixture.ask('chat')).toBe('service_stopped');
    await guard.resume({ models: ['gpt-5'] });
    expect(await fixture.ask('chat')).toBe('served');
    expect(sentModels(fixture)).toEqual(['gpt-5', 'gpt-5-mini', 'gpt-5']);
  });

  it('A call that comes out of a hook after a stop is not sent', async () => {
    let pass = () => {};
    const waiting = new Promise<void>((resolve) => {
      pass = resolve;
    });
    let isAsked = false;
    const before = () => {
      isAsked = true;
      return waiting;
    };
    await using fixture = await start({ before });
    const asked = fixture.ask('large');
    await expect.poll(() => isAsked).toBe(true);
    await fixture.guard.stop({ reason, models: ['gpt-5'] });
    pass();
    expect(await asked).toBe('service_stopped');
    expect(fixture.fake.requests).toEqual([]);
  });

  it('A call that waits for its turn is denied, takes nothing, and is never sent', async () => {
    await using full = await fullUpstream();
    const { answer } = await full.queue('ada');
    await full.guard.stop({ reason });
    expect(await codeOf(await answer)).toBe('service_stopped');
    const shown = async () => (await full.guard.users.usage('ada')).limits;
    await expect.poll(shown).toMatchObject([{ used: 0, held: 0 }, { used: 0 }, { held: 0 }]);
    full.gate.pass();
    expect(full.fake.requests).toHaveLength(1);
  });

  it('A call that the upstream sent back to the queue is not sent again', async () => {
    await using fixture = await start();
    const { fake, guard } = fixture;
    const gate = fake.gate();
    const reply = errorReply(429, 'requests', 'rate_limit_exceeded', 'Slow down.');
    fake.scriptNext({ beforeHeaders: gate, reply: { ...reply, headers: { 'retry-after': '1' } } });
    const asked = fixture.ask('gpt-5');
    await fake.received(1);
    await guard.stop({ reason });
    gate.open();
    expect(await asked).toBe('service_stopped');
    expect(fake.requests).toHaveLength(1);
  });
});

const streamed = chat({ stream: true, model: 'gpt-5' });

describe('A running stream', () => {
  it.each<[Omit<StopSpec, 'reason'>, ends: string]>([
    [{}, '[DONE]'],
    [{ cut: true }, 'service_stopped'],
    [{ cut: true, models: ['gpt-5'] }, 'service_stopped'],
    [{ cut: true, models: ['gpt-5-mini'] }, '[DONE]'],
    [{ cut: true, plans: ['pro'] }, '[DONE]'],
  ])('A stop with %o ends it with %s, and it is settled once', async (scope, ends) => {
    await using fixture = await start();
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ tokens: 5, betweenChunks: gate });
    const answer = await post(guard, await tokenOf(guard), streamed);
    await guard.stop({ reason, ...scope });
    const [other] = ends === '[DONE]' ? ['service_stopped'] : ['[DONE]'];
    if (ends === '[DONE]') gate.open();
    const text = await answer.text();
    expect(text).toContain(ends);
    expect(text).not.toContain(other);
    await expect.poll(() => fixture.settled.length).toBe(1);
    gate.open();
  });
});

describe('guard.resume and guard.stops', () => {
  it('Several stops are active at once, a repeat replaces, and each ends alone', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    const seen: unknown[] = [];
    guard.on('stopped', (event) => void seen.push(event));
    guard.on('resumed', (event) => void seen.push(event));
    expect(await guard.stops()).toEqual([]);
    await guard.stop({ reason: 'one', models: ['gpt-5', 'chat'] });
    await guard.stop({ reason: 'two', plans: ['pro'], cut: true });
    await guard.stop({ reason: 'three', models: ['chat', 'gpt-5'] });
    expect(await guard.stops()).toEqual([
      { reason: 'two', plans: ['pro'], cut: true, sinceMs: expect.any(Number) },
      { reason: 'three', models: ['chat', 'gpt-5'], cut: false, sinceMs: expect.any(Number) },
    ]);
    expect(await guard.resume({})).toBe(false);
    expect(await guard.resume({ plans: ['pro'] })).toBe(true);
    expect(await guard.resume({ plans: ['pro'] })).toBe(false);
    expect(await guard.stops()).toMatchObject([{ reason: 'three' }]);
    expect(await guard.resume()).toBe(true);
    expect(await guard.resume()).toBe(false);
    const none = { models: undefined, plans: undefined, endpoints: undefined };
    expect(seen).toEqual([
      { ...none, reason: 'one', cut: false, models: ['chat', 'gpt-5'] },
      { ...none, reason: 'two', cut: true, plans: ['pro'] },
      { ...none, reason: 'three', cut: false, models: ['chat', 'gpt-5'] },
      { ...none, plans: ['pro'] },
      none,
    ]);
  });

  it('At most 64 stops are active', async () => {
    await using fixture = await start();
    const { guard } = fixture;
    for (let index = 0; index < 64; index += 1) {
      await guard.stop({ reason, plans: ['pro'], models: [`m-${index}`] });
    }
    await guard.stop({ reason, plans: ['pro'], models: ['m-0'] });
    await expect(guard.stop({ reason })).rejects.toThrow(/^"guard\.stop": at most 64 stops/);
    expect(await guard.stops()).toHaveLength(64);
  });
});
