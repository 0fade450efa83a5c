import { describe, expect, it } from 'vitest';
import { createGuardedCompletion } from '../../src/index.ts';
import { mayEncryptReasoning } from '../../src/openai/request/encrypted-reasoning.ts';
import { badRequest } from '../../src/testing/fake-openai/error-replies.ts';
import { fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { azureOpenAI, openAICompatible, openRouter } from '../../src/upstream/index.ts';
import { canaries, type Fixture, post, startFixture, tokenOf } from '../fixture.ts';

const ENCRYPTED = 'reasoning.encrypted_content';
const REFUSAL = badRequest('Encrypted content is not supported with this model.', 'include');
const plans = {
  strict: { models: ['*'], maxOutputTokens: 200, limits: [{ requests: 10, per: '24h' }] },
  stateful: { models: ['*'], maxOutputTokens: 200, allow: { stateful: {} } },
} as const;
const planOf = ({ id }: { id: string }) => (id === 'sharing' ? 'stateful' : 'strict');

const start = () => startFixture({ plans, planOf });

async function respond(
  { guard }: Pick<Fixture, 'guard'>,
  more: object,
  user = 'ada',
  path = '/v1/responses',
) {
  const body = { model: 'gpt-5-mini', input: 'How deep is the sea?', ...more };
  return post(guard, await tokenOf(guard, user), body, path);
}

const included = ({ fake }: Pick<Fixture, 'fake'>) =>
  fake.requests.map(({ body }) => Object(body).include);

describe('Encrypted reasoning', () => {
  it.each([
    'o1',
    'o3-mini-2025-01-31',
    'o4-mini-deep-research',
    'gpt-5',
    'gpt-5-mini-2025-08-07',
    'gpt-5.1-chat-latest',
    'gpt-5.3-codex',
    'gpt-6.2-astra-law',
    'gpt-daybreak-blue-latest',
    'codex-mini-latest',
    'computer-use-preview',
    'ft:o4-mini-2025-04-16:acme::abc',
    'openai/gpt-5-mini',
  ])('%s is asked for it', (model) => {
    expect(mayEncryptReasoning(model)).toBe(true);
  });

  it.each([
    'gpt-3.5-turbo',
    'gpt-4-turbo-2024-04-09',
    'gpt-4o',
    'gpt-4.1-mini',
    'ft:gpt-4.1-mini-2025-04-14:acme::abc',
    'gpt-4o-audio-preview',
    'gpt-audio-mini',
    'gpt-5-chat-latest',
    'chatgpt-4o-latest',
    'gpt-oss-120b',
    'openai/gpt-oss-120b',
    'llama-3.3-70b-versatile',
    'my-deployment',
  ])('%s is not asked for it', (model) => {
    expect(mayEncryptReasoning(model)).toBe(false);
  });

  it('A model that reasons returns its reasoning encrypted where the guard turned store off', async () => {
    await using fixture = await start();
    fixture.fake.scriptNext({ reasoningTokens: 20 }, 4);
    const answers = [
      await respond(fixture, {}),
      await respond(fixture, { store: null, include: null }),
      await respond(fixture, { include: ['message.output_text.logprobs'] }),
      await respond(fixture, { include: [ENCRYPTED] }),
    ];
    expect(included(fixture)).toEqual([
      [ENCRYPTED],
      [ENCRYPTED],
      ['message.output_text.logprobs', ENCRYPTED],
      [ENCRYPTED],
    ]);
    for (const answer of answers) {
      const { output } = (await answer.json()) as { output: object[] };
      expect(output[0]).toMatchObject({ encrypted_content: expect.stringMatching(/^gAAAA/) });
    }
  });

  it('It is not asked for where the client decided itself, or where the answer is stored', async () => {
    await using fixture = await start();
    await respond(fixture, { store: false });
    await respond(fixture, { model: 'gpt-4o' });
    await respond(fixture, { store: true }, 'sharing');
    await respond(fixture, {}, 'sharing');
    expect(included(fixture)).toEqual([undefined, undefined, undefined, undefined]);
    const stored = fixture.fake.requests.map(({ body }) => Object(body).store);
    expect(stored).toEqual([false, false, true, undefined]);
  });

  it('Where stored objects are allowed, silence means what it means at OpenAI', async () => {
    await using fixture = await start();
    await respond(fixture, {}, 'sharing');
    const chat = { input: undefined, messages: [{ role: 'user', content: 'Hi' }] };
    await respond(fixture, chat, 'sharing', '/v1/chat/completions');
    const [response, completion] = fixture.fake.requests.map(({ body }) => Object(body));
    expect(response).not.toHaveProperty('store');
    expect(completion).toMatchObject({ store: false });
  });

  it('A model without it is called once more without it, in the same hold, and never asked again', async () => {
    await using fixture = await start();
    const { fake, guard, settled } = fixture;
    fake.scriptNext({ reply: REFUSAL });
    expect((await respond(fixture, {})).status).toBe(200);
    expect((await respond(fixture, {})).status).toBe(200);
    expect(included(fixture)).toEqual([[ENCRYPTED], undefined, undefined]);
    await expect.poll(() => settled).toHaveLength(2);
    const { limits } = await guard.users.usage('ada');
    expect(limits[0]).toMatchObject({ used: 2, held: 0 });
    expect(fake.invoice).toHaveLength(2);
  });

  it('Calls that were refused at the same time are all answered', async () => {
    await using fixture = await start();
    fixture.fake.scriptNext({ reply: REFUSAL }, 3);
    const calls = [1, 2, 3].map(() => respond(fixture, {}));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(fixture.settled).toHaveLength(3);
  });

  it.each([
    ['it is about another field', badRequest('Invalid value.', 'include'), {}],
    ['the client asked for it', REFUSAL, { include: [ENCRYPTED] }],
  ])('A refusal is passed on when %s', async (_, reply, more) => {
    await using fixture = await start();
    fixture.fake.scriptNext({ reply });
    expect((await respond(fixture, more)).status).toBe(400);
    expect(fixture.fake.requests).toHaveLength(1);
  });

  it.each([
    ['openrouter', 'openai/gpt-5-mini', [ENCRYPTED]],
    ['azure', 'gpt-5-mini', [ENCRYPTED]],
    ['azure', 'my-deployment', undefined],
    ['groq', 'openai/gpt-oss-120b', undefined],
    ['xai', 'grok-4', undefined],
  ] as const)('%s decides by the name of the model: %s', async (dialect, model, expected) => {
    await using fake = await fakeOpenAI({ dialect });
    const { secret, apiKey } = canaries;
    const { baseURL } = fake;
    const specOf = {
      openrouter: () => openRouter({ apiKey, baseURL }),
      azure: () => azureOpenAI({ apiKey, endpoint: new URL(baseURL).origin }),
      groq: () => openAICompatible({ apiKey, baseURL, dialect: 'groq' }),
      xai: () => openAICompatible({ apiKey, baseURL, dialect: 'xai' }),
    };
    const upstreams = { main: specOf[dialect]() };
    const { strict } = plans;
    const guard = createGuardedCompletion({ secret, upstreams, plans: { strict } });
    expect((await respond({ guard }, { model })).status).toBe(200);
    expect(included({ fake })).toEqual([expected]);
    await guard.close({ graceMs: 0 });
  });
});
