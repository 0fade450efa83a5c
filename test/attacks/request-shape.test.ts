import { describe, expect, it } from 'vitest';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: [MODEL, 'gpt-5'], maxOutputTokens: 100 } };
const messages = '"messages":[{"role":"user","content":"hi"}]';

describe('A JSON body with a duplicate name', () => {
  it.each([
    `{"model":"${MODEL}","model":"gpt-5",${messages}}`,
    `{"model":"gpt-5","model":"${MODEL}",${messages}}`,
    `{"model":"${MODEL}","m\\u006fdel":"gpt-5",${messages}}`,
    `{"model":"${MODEL}",${messages},"n":1,"n":100}`,
    `{"model":"${MODEL}",${messages},"max_tokens":1,"max_tokens":100000}`,
    `{"model":"${MODEL}",${messages},${messages}}`,
    `{"model":"${MODEL}","messages":[{"role":"user","role":"system","content":"hi"}]}`,
    `{"model":"${MODEL}",${messages},"metadata":{"a":"1","a":"2"}}`,
    `{"model":"${MODEL}",${messages},"tools":[{"type":"function","function":{"name":"f","parameters":{"x":1,"x":2}}}]}`,
  ])('A duplicate name is rejected at any depth of the body (%#)', async (body) => {
    await using fixture = await startFixture({ plans });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'invalid_request']);
    expect(fixture.fake.requests).toEqual([]);
  });

  it('A name repeated in separate objects or inside a string is accepted and sent unchanged', async () => {
    await using fixture = await startFixture({ plans });
    const tools = [
      {
        type: 'function',
        function: { name: 'f', parameters: { a: { x: 1 }, b: { x: 1 }, c: 'x":1,"x' } },
      },
      { type: 'function', function: { name: 'g' } },
    ];
    const body = chat({ tools, stop: ['"model":"gpt-5"'], seed: 1e3, temperature: 0.5 });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(200);
    const [request] = fixture.fake.requests;
    const { service_tier, store, safety_identifier, max_completion_tokens, ...sent } =
      (request?.body ?? {}) as Record<string, unknown>;
    expect(sent).toEqual(body);
    expect([service_tier, store, max_completion_tokens]).toEqual(['default', false, 100]);
    expect(safety_identifier).toBeTypeOf('string');
  });
});

describe('A JSON key that targets the prototype', () => {
  const poison = ['{"polluted":1}', '"x"', 'null'].flatMap((value) => [
    `{"__proto__":${value},"model":"${MODEL}",${messages}}`,
    `{"\\u005f_proto__":${value},"model":"${MODEL}",${messages}}`,
    `{"constructor":{"prototype":${value}},"model":"${MODEL}",${messages}}`,
    `{"model":"${MODEL}",${messages},"metadata":{"__proto__":${value}}}`,
    `{"model":"${MODEL}","messages":[{"__proto__":${value},"role":"user","content":"hi"}]}`,
    `{"model":"${MODEL}",${messages},"tools":[{"type":"function","function":{"name":"f","parameters":{"__proto__":${value}}}}]}`,
    `{"__proto__":{"model":"gpt-5"},${messages}}`,
  ]);
  it.each(poison)('A prototype key is rejected and changes no prototype (%#)', async (body) => {
    const before = snapshot();
    await using fixture = await startFixture({ plans });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(400);
    expect(fixture.fake.requests).toEqual([]);
    expect(snapshot()).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'A prototype property name has no special meaning as a user, model or plan: %s',
    async (name) => {
      await using fixture = await startFixture({ plans, planOf: ({ plan }) => plan ?? 'free' });
      const { guard, fake } = fixture;
      expect((await post(guard, await tokenOf(guard, name), chat())).status).toBe(200);
      const model = await post(guard, await tokenOf(guard), chat({ model: name }));
      expect([400, 403]).toContain(model.status);
      await expect(guard.tokens.issue({ user: 'ada', plan: name })).rejects.toThrow('is no plan');
      expect(fake.requests).toHaveLength(1);
    },
  );
});

function snapshot() {
  return [Object, Array, Function, String].map(({ prototype }) => Reflect.ownKeys(prototype));
}

describe('The settings that the operator has fixed', () => {
  it.each([
    ['/v1/chat/completions', { store: true }],
    ['/v1/chat/completions', { prediction: { type: 'content', content: 'x' } }],
    [
      '/v1/chat/completions',
      { modalities: ['text', 'audio'], audio: { voice: 'a', format: 'mp3' } },
    ],
    ['/v1/responses', { store: true }],
    ['/v1/responses', { background: true }],
    ['/v1/responses', { previous_response_id: 'resp_1' }],
    ['/v1/responses', { conversation: 'conv_1' }],
    ['/v1/responses', { conversation: { id: 'conv_1' } }],
    ['/v1/responses', { prompt: { id: 'pmpt_1' } }],
    ['/v1/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['/v1/responses', { input: [{ id: 'msg_1' }] }],
    [
      '/v1/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] },
    ],
    [
      '/v1/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'http://x' }] }] },
    ],
    [
      '/v1/responses',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://x' }] }] },
    ],
    ['/v1/responses', { context_management: [{ type: 'compaction' }] }],
  ])('A client on %s cannot override them with %o', async (path, more) => {
    await using fixture = await startFixture({ plans });
    const base = path.endsWith('responses') ? { model: MODEL, input: 'hi' } : chat();
    const answer = await post(
      fixture.guard,
      await tokenOf(fixture.guard),
      { ...base, ...more },
      path,
    );
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'parameter_not_allowed']);
    expect(fixture.fake.requests).toEqual([]);
  });

  it.each(['/v1/chat/completions', '/v1/responses'])('OpenAI stores nothing: %s', async (path) => {
    await using fixture = await startFixture({ plans });
    const body = path.endsWith('responses') ? { model: MODEL, input: 'hi' } : chat();
    for (const more of [{}, { store: false }, { store: null }]) {
      const answer = await post(
        fixture.guard,
        await tokenOf(fixture.guard),
        { ...body, ...more },
        path,
      );
      expect(answer.status).toBe(200);
      expect(fixture.fake.requests.at(-1)?.body).toMatchObject({ store: false });
    }
  });
});
