import { describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { FakeDialect } from '../../src/testing/fake-openai/host.ts';
import { hosts } from '../../src/testing/fake-openai/hosts.ts';

const names = Object.keys(hosts) as FakeDialect[];
const messages = [{ role: 'user', content: 'How deep is the sea?' }];
const KEY = { authorization: 'Bearer sk-test' };

async function post(fake: FakeOpenAI, body: object, path = '/chat/completions', headers = KEY) {
  const url = path.startsWith('http') ? path : fake.baseURL + path;
  const init = { 'content-type': 'application/json', ...headers };
  const answer = await fetch(url, { method: 'POST', headers: init, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, json: text.startsWith('data:') ? text : JSON.parse(text) };
}

async function ask(dialect: FakeDialect, body: object, path?: string) {
  await using fake = await fakeOpenAI({ dialect, maxOutputTokens: 500 });
  fake.script(/./, { adversary: 'max', cachedInputTokens: 2 });
  const answer = await post(fake, { model: 'any-model', messages, ...body }, path);
  return { ...answer, invoice: fake.invoice };
}

describe.each(names)('the fake as %s', (dialect) => {
  it('answers a chat, and bills what it reports', async () => {
    const { status, json, invoice } = await ask(dialect, { max_tokens: 7 });
    expect(status).toBe(200);
    expect(json.usage.prompt_tokens).toBe(invoice[0]?.inputTokens);
    expect(json.usage.completion_tokens).toBe(7);
    expect(invoice[0]?.outputTokens).toBe(7);
  });

  it('streams usage in the form of the host', async () => {
    const body = { max_tokens: 7, stream: true };
    const { text } = await ask(
      dialect,
      dialect === 'mistral' ? body : { ...body, stream_options: { include_usage: true } },
    );
    expect(text).toContain('"completion_tokens":7');
    expect(text.includes('"x_groq":{"id"')).toBe(dialect === 'groq');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

describe('caps that a host does not know', () => {
  it.each(['deepseek', 'ollama'] as const)('%s ignores max_completion_tokens', async (dialect) => {
    const { json } = await ask(dialect, { max_completion_tokens: 7 });
    expect(json.usage.completion_tokens).toBe(500);
  });

  it('xAI does not count reasoning against the cap of a chat', async () => {
    await using fake = await fakeOpenAI({ dialect: 'xai' });
    fake.scriptNext({ adversary: 'max', reasoningTokens: 90 });
    const body = { model: 'grok-4', messages, max_completion_tokens: 10 };
    const { json } = await post(fake, body);
    expect(json.usage).toMatchObject({ completion_tokens: 10 });
    expect(json.usage.total_tokens - json.usage.prompt_tokens).toBe(100);
    expect(fake.invoice[0]?.outputTokens).toBe(100);
  });
});

describe('refusals', () => {
  it('Mistral refuses unknown fields with 422, and says it in its own form', async () => {
    const { status, json } = await ask('mistral', { max_completion_tokens: 7 });
    expect(status).toBe(422);
    expect(json.message.detail[0]).toMatchObject({ loc: ['body', 'max_completion_tokens'] });
  });

  it('Gemini refuses unknown fields in a list', async () => {
    const { status, json } = await ask('gemini', { max_tokens: 7, store: false });
    expect(status).toBe(400);
    expect(json[0].error.message).toContain('Unknown name "store"');
  });

  it.each([
    { n: 2 },
    { logprobs: true },
    { service_tier: 'default' },
    { messages: [{ role: 'user', name: 'ada', content: 'x' }] },
  ])('Groq refuses %j', async (more) => {
    expect((await ask('groq', { max_tokens: 7, ...more })).status).toBe(400);
  });

  it('xAI says an error as a text with a code', async () => {
    const { json } = await ask('xai', { model: 'grok-4', stop: ['x'] });
    expect(json).toEqual({
      code: 'invalid_request_error',
      error: 'Model does not support parameter stop.',
    });
  });

  it('an endpoint that the host does not have is 404', async () => {
    expect((await ask('groq', { input: 'x' }, '/embeddings')).status).toBe(404);
  });
});

describe('Azure', () => {
  it('takes its key as "api-key", at both of its paths', async () => {
    await using fake = await fakeOpenAI({ dialect: 'azure', apiKeys: ['az'] });
    const { origin } = new URL(fake.baseURL);
    const classic = `${origin}/openai/deployments/mine/chat/completions`;
    const headers = { 'api-key': 'az' } as unknown as typeof KEY;
    const body = { model: 'mine', messages, user: 'u', max_completion_tokens: 3 };
    expect((await post(fake, body, '/chat/completions', headers)).status).toBe(200);
    expect((await post(fake, body, classic, headers)).status).toBe(404);
    const dated = `${classic}?api-version=2025-04-01-preview`;
    expect((await post(fake, body, dated, headers)).status).toBe(200);
    expect((await post(fake, { ...body, safety_identifier: 'u' }, dated, headers)).status).toBe(
      400,
    );
    expect((await post(fake, body, dated)).status).toBe(401);
    expect(fake.invoice.map(({ model, user }) => [model, user])).toEqual([
      ['mine', 'u'],
      ['mine', 'u'],
    ]);
  });
});

describe('what hosts report of their own', () => {
  it('OpenRouter reports the cost that is on the invoice', async () => {
    const { json, invoice } = await ask('openrouter', {
      model: 'openai/gpt-5-mini',
      max_tokens: 7,
    });
    expect(json.usage.cost).toBeGreaterThan(0);
    expect(json.usage.cost).toBe(invoice[0]?.costUsd);
  });

  it('DeepSeek reports its cache beside the input, and bills by its own list', async () => {
    const { json, invoice } = await ask('deepseek', { model: 'deepseek-chat', max_tokens: 7 });
    const { prompt_tokens, prompt_cache_hit_tokens, prompt_cache_miss_tokens } = json.usage;
    expect(prompt_cache_hit_tokens).toBe(2);
    expect(prompt_cache_miss_tokens).toBe(prompt_tokens - 2);
    expect(invoice[0]?.costUsd).toBeGreaterThan(0);
  });

  it('DeepSeek reads the end-user id as user_id', async () => {
    const { invoice } = await ask('deepseek', { max_tokens: 7, user: 'a', user_id: 'b' });
    expect(invoice[0]?.user).toBe('b');
  });
});
