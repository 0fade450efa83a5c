import fc from 'fast-check';
import OpenAI from 'openai';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { countTokens, tokensOf } from '../../src/testing/fake-openai/tokens.ts';

const model = 'gpt-5-mini';
const messages = [{ role: 'user' as const, content: 'How deep is the sea?' }];

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

let fake: FakeOpenAI;
let client: OpenAI;
beforeEach(async () => {
  fake = await fakeOpenAI();
  client = new OpenAI({ apiKey: 'sk-test', baseURL: fake.baseURL, maxRetries: 0 });
});
afterEach(() => fake.close());

describe('Tokens of the fake', () => {
  it('Tokens of a text are never more than its UTF-8 bytes and join to the text again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const tokens = tokensOf(text);
        expect(tokens.join('')).toBe(text);
        expect(countTokens(text)).toBe(tokens.length);
        expect(tokens.length).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });

  it('Tokens of a whole request are not more than its bytes', async () => {
    const tools = [
      { type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } },
    ];
    await client.chat.completions.create({ model, messages, tools });
    await client.responses.create({ model, input: messages, instructions: 'Be short.' });
    for (const [index, line] of fake.invoice.entries()) {
      const bytes = Buffer.byteLength(fake.requests[index]?.bodyText ?? '');
      expect(line.inputTokens).toBeGreaterThan(0);
      expect(line.inputTokens).toBeLessThanOrEqual(bytes);
    }
  });
});

describe('The output cap of the fake', () => {
  it('The output cap ends a chat completion with "length" and includes reasoning', async () => {
    fake.scriptNext({ tokens: 50, reasoningTokens: 4 });
    const request = { model, messages, max_completion_tokens: 10 };
    const completion = await client.chat.completions.create(request);
    expect(completion.choices[0]?.finish_reason).toBe('length');
    expect(completion.usage?.completion_tokens).toBe(10);
  });

  it('The output cap ends a response as incomplete, also when streamed', async () => {
    fake.scriptNext({ tokens: 50 }, 2);
    const request = { model, input: 'x', max_output_tokens: 16 };
    const response = await client.responses.create(request);
    expect(response.incomplete_details).toEqual({ reason: 'max_output_tokens' });
    const events = await collect(await client.responses.create({ ...request, stream: true }));
    expect(events.at(-1)?.type).toBe('response.incomplete');
    expect(fake.invoice.map((line) => line.outputTokens)).toEqual([16, 16]);
  });

  it('The adversary writes up to the output cap of every choice, or one token beyond it', async () => {
    fake.script('greedy', { adversary: 'max' });
    fake.script('beyond', { adversary: 'max+1' });
    const ask = (content: string) =>
      client.chat.completions.create({
        model,
        messages: [{ role: 'user', content }],
        max_completion_tokens: 30,
        n: 3,
      });
    await ask('greedy');
    await ask('beyond');
    expect(fake.invoice.map((line) => line.outputTokens)).toEqual([90, 93]);
  });
});

describe('The invoice of the fake', () => {
  it('The invoice counts a stream up to the moment when its reader disconnected', async () => {
    const gate = fake.gate();
    fake.scriptNext({ tokens: 100, betweenChunks: gate });
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    gate.pass(7);
    let received = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) received++;
      if (received === 7) break;
    }
    await fake.idle();
    expect(fake.invoice[0]).toMatchObject({ outputTokens: 7, complete: false });
    await expect.poll(() => fake.requests[0]?.socketClosedAtMs).toBeDefined();
  });

  it('The invoice counts a whole answer up to the moment when its reader disconnected', async () => {
    const gate = fake.gate();
    fake.scriptNext({ tokens: 100, betweenChunks: gate });
    const leaving = new AbortController();
    const asked = client.chat.completions.create({ model, messages }, { signal: leaving.signal });
    await gate.arrived();
    leaving.abort();
    await expect(asked).rejects.toThrow('aborted');
    await fake.idle();
    expect(fake.invoice[0]?.complete).toBe(false);
    expect(fake.invoice[0]?.outputTokens).toBeLessThan(100);
  });

  it('The invoice contains in full what was generated but never sent', async () => {
    fake.scriptNext({ tokens: 9, neverAnswer: true });
    const leaving = new AbortController();
    const asked = client.chat.completions.create({ model, messages }, { signal: leaving.signal });
    await fake.received(1);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await fake.idle();
    expect(fake.invoice[0]).toMatchObject({ outputTokens: 9, complete: true });
  });

  it('The invoice stays correct whatever usage the answer reports', async () => {
    const usages = [{ completion_tokens: -5 }, { prompt_tokens: 1.5 }, null, 'missing'] as const;
    for (const usage of usages) fake.scriptNext({ tokens: 6, usage });
    const claimed = [];
    for (const _ of usages)
      claimed.push((await client.chat.completions.create({ model, messages })).usage);
    expect(claimed[0]?.completion_tokens).toBe(-5);
    expect(claimed[1]?.prompt_tokens).toBe(1.5);
    expect(claimed.slice(2)).toEqual([null, undefined]);
    expect(fake.invoice.map((line) => line.outputTokens)).toEqual([6, 6, 6, 6]);
  });

  it('A stream can have the usage in every chunk, in the finish chunk or after the end', async () => {
    const frames = async (usageIn: 'every-chunk' | 'finish-chunk' | 'after-done') => {
      fake.scriptNext({ tokens: 3, usageIn });
      const { response } = await client.chat.completions
        .create({ model, messages, stream: true })
        .withResponse();
      return (await response.text()).trim().split('\n\n');
    };
    const counts = (list: string[]) =>
      list.map((frame) => /"completion_tokens":(\d+)/.exec(frame)?.[1]);
    expect(counts(await frames('every-chunk'))).toEqual(['0', '1', '2', '3', '3', undefined]);
    expect(counts(await frames('finish-chunk')).indexOf('3')).toBe(4);
    expect(counts(await frames('after-done')).indexOf('3')).toBe(6);
  });

  it('The invoice prices tokens by the price list and adds tier and hosted search', async () => {
    const tokens = { inputTokens: 1_000_000, cachedInputTokens: 400_000, tokens: 100_000 };
    fake.script('Dear', { ...tokens, serviceTier: 'priority' });
    fake.script('Cheap', { ...tokens, serviceTier: 'default', webSearches: 2 });
    await client.responses.create({ model: 'gpt-5-mini', input: 'Dear' });
    await client.responses.create({ model: 'gpt-5-mini', input: 'Cheap' });
    await client.responses.create({ model: 'no-such-model', input: 'Unpriced' });
    const cheap = 0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2;
    expect(fake.invoice[0]?.costUsd).toBeCloseTo(1.8 * cheap, 9);
    expect(fake.invoice[1]?.costUsd).toBeCloseTo(cheap + 0.02, 9);
    expect(fake.invoice[2]?.costUsd).toBeUndefined();
    expect(fake.totals().costUsd).toBeUndefined();
    expect(fake.totals((line) => line.model)['gpt-5-mini']).toMatchObject({
      calls: 2,
      webSearches: 2,
    });
  });

  it('The fake keeps only sums with "record: false"', async () => {
    await using quiet = await fakeOpenAI({ record: false });
    const loud = new OpenAI({ apiKey: 'x', baseURL: quiet.baseURL });
    await loud.chat.completions.create({ model, messages });
    await loud.chat.completions.create({ model, messages });
    expect(quiet.totals()).toMatchObject({ calls: 2, incompleteCalls: 0 });
    expect(quiet.requests.length + quiet.invoice.length).toBe(0);
    expect(() => quiet.totals((line) => line.model)).toThrow('"record"');
  });

  it('The invoice shows the end-user ids that were sent to OpenAI', async () => {
    const tags = { safety_identifier: 'abc', user: 'old', prompt_cache_key: 'key' };
    await client.chat.completions.create({ model, messages, ...tags });
    const seen = {
      safetyIdentifier: 'abc',
      user: 'old',
      promptCacheKey: 'key',
      serviceTier: 'default',
    };
    expect(fake.invoice[0]).toMatchObject(seen);
  });
});

describe('The recorded requests of the fake', () => {
  it('A request is recorded exactly as sent, with the connection that carried it', async () => {
    const headers = { authorization: 'Bearer sk-test', 'X-Odd-Case': 'Kept' };
    const body = JSON.stringify({ model, messages });
    const pool = new Pool(new URL(fake.baseURL).origin, { connections: 1 });
    await (await pool.request({ method: 'GET', path: '/v1/models?after=1', headers })).body.dump();
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers,
      body,
    });
    await answer.body.dump();
    await pool.close();
    expect(fake.requests[0]).toMatchObject({ method: 'GET', url: '/v1/models?after=1' });
    expect(fake.requests[0]?.headers).toContainEqual(['X-Odd-Case', 'Kept']);
    expect(fake.requests[1]?.body).toEqual(JSON.parse(fake.requests[1]?.bodyText ?? ''));
    expect(fake.requests[1]?.socketId).toBe(fake.requests[0]?.socketId);
    expect(fake.requests[1]?.responseBegunAtMs).toBeGreaterThan(
      fake.requests[1]?.receivedAtMs ?? 0,
    );
  });

  it('A request is refused without a key, with a wrong key, for an unknown model and for invalid JSON', async () => {
    await using strict = await fakeOpenAI({ apiKeys: ['right'], models: [model] });
    const post = (body: string, key?: string) => {
      const headers: Record<string, string> =
        key === undefined ? {} : { authorization: `Bearer ${key}` };
      return fetch(`${strict.baseURL}/chat/completions`, { method: 'POST', body, headers });
    };
    const other = JSON.stringify({ model: 'gpt-9', messages });
    const answers = [
      await post('{}'),
      await post('{}', 'wrong'),
      await post('{', 'right'),
      await post(other, 'right'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 400, 404]);
    expect(strict.invoice).toEqual([]);
  });
});
