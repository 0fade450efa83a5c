import { describe, expect, it } from 'vitest';
import {
  type BeforeHook,
  type BeforeSpec,
  denyRequest,
  type GuardOptions,
  type HookContext,
} from '../../src/index.ts';
import { chat, codeOf, MODEL } from '../fixture.ts';
import { startHooked } from './fixture.ts';

type Before = GuardOptions['before'] & object;

describe('A "before" hook', () => {
  it('It sees the user, the plan, the endpoint, the model, the most that is held and its own copy of the body', async () => {
    const seen: HookContext[] = [];
    const bodies: unknown[] = [];
    const look: BeforeHook = (context) => {
      seen.push(context);
      bodies.push(context.body);
      Object.assign(context.body, { model: 'gpt-99', messages: [] });
    };
    await using fixture = await startHooked({
      before: [look, ({ body }) => void bodies.push(body)],
    });
    const answer = await fixture.ask();
    expect(answer.status).toBe(200);
    const [context] = seen;
    expect(context).toMatchObject({ plan: 'free', endpoint: 'chat.completions', model: MODEL });
    expect(context).toMatchObject({ key: 'ada', user: { id: 'ada' }, tokenId: expect.any(String) });
    expect(context?.most).toMatchObject({ outputTokens: 100 });
    expect(bodies[1]).toEqual(chat());
    expect(JSON.stringify(context)).not.toContain('Say hello');
    expect(fixture.fake.requests[0]?.body).toMatchObject({ model: MODEL });
  });

  it.each([
    [denyRequest('Not about ACME.'), 403, 'request_denied', null],
    [
      denyRequest('Not about ACME.', { code: 'invalid_request', param: 'messages' }),
      400,
      'invalid_request',
      'messages',
    ],
    [denyRequest('Not about ACME.', { code: 'model_not_allowed' }), 403, 'model_not_allowed', null],
  ] as const)(
    'Its denial ends the call with nothing taken and nothing sent: %#',
    async (denial, status, code, param) => {
      await using fixture = await startHooked({ before: () => denial });
      const answer = await fixture.ask();
      expect(answer.status).toBe(status);
      const { error } = (await answer.json()) as { error: object };
      expect(error).toMatchObject({ code, param, message: 'Not about ACME.' });
      expect([fixture.sent(), await fixture.taken()]).toEqual([0, 0]);
      expect(answer.headers.get('ratelimit')).toBe('"requests-24h";r=5');
      expect(fixture.guarded).toMatchObject([
        { kind: 'before', decision: 'denied', userId: 'ada' },
      ]);
      expect(JSON.stringify(fixture.guarded)).not.toMatch(/ACME|hello/);
    },
  );

  it('A body that it returns is sent, and held and charged as if the client had sent it', async () => {
    const before: BeforeHook = ({ body }) => ({
      body: { ...body, model: 'gpt-5-nano', max_completion_tokens: 7 },
    });
    const seen: unknown[] = [];
    await using fixture = await startHooked({
      before: [{ name: 'cheaper', run: before }, ({ model, most }) => void seen.push(model, most)],
    });
    expect((await fixture.ask()).status).toBe(200);
    expect(fixture.fake.requests[0]?.body).toMatchObject({
      model: 'gpt-5-nano',
      max_completion_tokens: 7,
    });
    expect(seen).toMatchObject(['gpt-5-nano', { outputTokens: 7 }]);
    await expect.poll(() => fixture.settled.length).toBe(1);
    expect(fixture.settled[0]?.model).toMatch(/^gpt-5-nano/);
    expect(fixture.guarded.map(({ hook, decision }) => [hook, decision])).toEqual([
      ['cheaper', 'replaced'],
      ['before-2', 'passed'],
    ]);
  });

  it.each([
    ['a model that the plan does not have', { model: 'gpt-99' }, 'model_not_allowed'],
    ['a field that is not allowed', { logit_bias: {}, wrong: 1 }, 'parameter_not_allowed'],
    ['no messages', { messages: undefined }, 'invalid_request'],
    ['more bytes than a body may have', { messages: 'x'.repeat(5 << 20) }, 'request_too_large'],
  ])('A body that it returns is checked by the same rules: %s', async (_, more, code) => {
    await using fixture = await startHooked({
      before: ({ body }) => ({ body: { ...body, ...more } }),
    });
    const answer = await fixture.ask();
    expect(await codeOf(answer)).toBe(code);
    expect([fixture.sent(), await fixture.taken()]).toEqual([0, 0]);
  });

  const broken: [string, Before, string][] = [
    ['it throws', () => Promise.reject<undefined>(new Error('secret inside')), 'hook_unavailable'],
    ['it hangs', { run: () => new Promise<never>(() => {}), timeout: '20ms' }, 'hook_unavailable'],
    ['it returns a text', (() => 'no') as unknown as BeforeHook, 'internal_error'],
    ['it returns false', (() => false) as unknown as BeforeHook, 'internal_error'],
    ['its body is a list', (() => ({ body: [] })) as unknown as BeforeHook, 'internal_error'],
    [
      'its denial has a code that hooks do not have',
      (() => ({ denied: true, code: 'invalid_credential', message: 'x' })) as unknown as BeforeHook,
      'internal_error',
    ],
  ];
  it.each(broken)('If %s, the call is denied, and an event says so', async (_, before, code) => {
    await using fixture = await startHooked({ before });
    const answer = await fixture.ask();
    const text = await answer.text();
    expect(answer.status).toBe(code === 'internal_error' ? 500 : 503);
    expect(text).toContain(code);
    expect(text).not.toContain('secret inside');
    expect([fixture.sent(), await fixture.taken()]).toEqual([0, 0]);
    expect(fixture.failed).toMatchObject([{ source: 'hook' }]);
    expect(String(fixture.failed[0]?.error)).toMatch(/^Error: The before "\w+(-1)?" failed: /);
    expect(fixture.guarded).toMatchObject([{ decision: 'failed' }]);
  });

  it.each(broken)('With "onError": "allow" the call goes on if %s', async (_, before) => {
    const spec =
      typeof before === 'function' ? { run: before as BeforeHook } : (before as BeforeSpec);
    await using fixture = await startHooked({ before: { ...spec, onError: 'allow' } });
    expect((await fixture.ask()).status).toBe(200);
    expect([fixture.failed.length, fixture.sent()]).toEqual([1, 1]);
  });

  it('A hook that is late is told by its signal', async () => {
    let signal: AbortSignal | undefined;
    const run: BeforeHook = (context) => {
      signal = context.signal;
      return new Promise<never>(() => {});
    };
    await using fixture = await startHooked({ before: { run, timeout: '10ms' } });
    await fixture.ask();
    expect(signal?.aborted).toBe(true);
  });

  it('When the client leaves, the hook is told, no other hook is asked and nothing is taken', async () => {
    const signals: AbortSignal[] = [];
    const asked: string[] = [];
    await using fixture = await startHooked({
      before: ({ signal }) => {
        signals.push(signal);
        return new Promise<never>(() => {});
      },
      limiters: [() => void asked.push('limiter')],
    });
    const client = new AbortController();
    const call = fixture.guard.fetchAs('ada')('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat()),
      signal: client.signal,
    });
    await expect.poll(() => signals.length).toBe(1);
    client.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => signals[0]?.aborted).toBe(true);
    expect([asked.length, fixture.sent(), await fixture.taken()]).toEqual([0, 0, 0]);
    expect(fixture.failed).toEqual([]);
  });

  it('Calls that wait for hooks count towards the calls that a user may have at once', async () => {
    let pass = () => {};
    const waiting = new Promise<void>((resolve) => {
      pass = resolve;
    });
    await using fixture = await startHooked({
      before: () => waiting,
      bounds: { inFlightPerUser: 2 },
    });
    const asked = [fixture.ask(), fixture.ask()];
    expect(await codeOf(await fixture.ask())).toBe('too_many_concurrent');
    pass();
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
    expect((await fixture.ask()).status).toBe(200);
  });

  it('A user who is blocked while a hook runs is denied', async () => {
    let pass = () => {};
    const waiting = new Promise<void>((resolve) => {
      pass = resolve;
    });
    await using fixture = await startHooked({ before: () => waiting });
    const asked = fixture.ask();
    await fixture.guard.users.block('ada', { reason: 'x' });
    pass();
    expect(await codeOf(await asked)).toBe('user_blocked');
    expect(fixture.sent()).toBe(0);
  });

  it('Calls from code pass the hooks too, and the list of models does not', async () => {
    const seen: string[] = [];
    await using fixture = await startHooked({ before: ({ endpoint }) => void seen.push(endpoint) });
    const client = fixture.guard.client('bob');
    await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'hi' }],
    });
    for await (const _ of client.models.list()) break;
    expect(seen).toEqual(['chat.completions']);
  });

  it('It is asked about no request that the guard refuses itself', async () => {
    const seen: string[] = [];
    await using fixture = await startHooked({ before: ({ endpoint }) => void seen.push(endpoint) });
    expect((await fixture.ask({ model: 'gpt-99' })).status).toBe(403);
    expect((await fixture.ask({ wrong: 1 })).status).toBe(400);
    expect(seen).toEqual([]);
  });
});

describe('The options of hooks', () => {
  it.each([
    [{ before: 'x' }, /"options\.before": must be a function, \{ run \}, or a list/],
    [{ before: {} }, /"options\.before\[0\]\.run": must be a function/],
    [{ before: [() => {}, { run: () => {}, timeout: 5 }] }, /"options\.before\[1\]\.timeout"/],
    [{ limiters: () => {} }, /"options\.limiters": must be a list/],
    [{ limiters: [{ limit: () => {}, onError: 'ignore' }] }, /"options\.limiters\[0\]\.onError"/],
    [{ limiters: [{ limit: () => {}, name: 'a"b' }] }, /"options\.limiters\[0\]\.name"/],
    [{ before: new Array(17).fill(() => {}) }, /"options\.before" must be a list of at most 16/],
  ])('A wrong option throws, and the error names it: %o', async (options, message) => {
    await expect(startHooked(options as object)).rejects.toThrow(message);
  });
});
