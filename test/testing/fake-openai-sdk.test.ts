import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import OpenAI7 from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import OpenAI5 from 'openai-5';
import OpenAI6 from 'openai-6';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openAIErrors } from '../../src/testing/fake-openai/error-replies.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';

const SDKS = [
  { name: 'openai 5', Sdk: OpenAI5 as unknown as typeof OpenAI7 },
  { name: 'openai 6', Sdk: OpenAI6 as unknown as typeof OpenAI7 },
  { name: 'openai 7', Sdk: OpenAI7 },
];

const model = 'gpt-5-mini';
const messages = [{ role: 'user' as const, content: 'How deep is the sea?' }];
const shape = z.object({ name: z.string(), size: z.number(), parts: z.array(z.string()) });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

let fake: FakeOpenAI;
beforeEach(async () => {
  fake = await fakeOpenAI();
});
afterEach(() => fake.close());

describe.each(SDKS)('The SDK $name against the fake', ({ Sdk }) => {
  const client = () => new Sdk({ apiKey: 'sk-test', baseURL: fake.baseURL, maxRetries: 0 });

  it('The SDK reads a chat completion with the usage of the invoice', async () => {
    const completion = await client().chat.completions.create({ model, messages });
    const [line] = fake.invoice;
    expect(completion.choices[0]?.message.content).toMatch(/\w+\.$/);
    expect(completion.usage?.prompt_tokens).toBe(line?.inputTokens);
    expect(completion.usage?.completion_tokens).toBe(line?.outputTokens);
    expect(line).toMatchObject({ endpoint: '/chat/completions', model, complete: true });
  });

  it('The SDK streams the same text, with the usage in a last chunk only on request', async () => {
    const whole = await client().chat.completions.create({ model, messages });
    const stream = await client().chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    const plain = await client().chat.completions.create({ model, messages, stream: true });
    expect((await collect(plain)).some((chunk) => 'usage' in chunk)).toBe(false);
  });

  it('The SDK parses structured output, streamed and not streamed', async () => {
    const format = zodResponseFormat(shape, 'thing');
    const parsed = await client().chat.completions.parse({
      model,
      messages,
      response_format: format,
    });
    expect(shape.parse(parsed.choices[0]?.message.parsed)).toBeDefined();
    const streamed = client().chat.completions.stream({ model, messages, response_format: format });
    const final = await streamed.finalChatCompletion();
    expect(final.choices[0]?.message.parsed).toEqual(parsed.choices[0]?.message.parsed);
    const text = { format: zodTextFormat(shape, 'thing') };
    const response = await client().responses.parse({ model, input: 'a thing', text });
    expect(shape.parse(response.output_parsed)).toBeDefined();
  });

  it('The SDK receives the events of a response numbered without a gap and the completed one last', async () => {
    fake.scriptNext({ reasoningTokens: 5, webSearches: 1, toolCalls: [], text: 'It is deep.' });
    const stream = await client().responses.create({ model, input: 'How deep?', stream: true });
    const events = await collect(stream);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events[0]?.type).toBe('response.created');
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { status: 'completed', usage: { output_tokens_details: { reasoning_tokens: 5 } } },
    });
    expect(fake.invoice[0]).toMatchObject({ outputTokens: 8, reasoningTokens: 5, webSearches: 1 });
  });

  it('The SDK assembles a response in its stream helper, including function calls', async () => {
    fake.scriptNext({ toolCalls: [{ name: 'look', arguments: { place: 'sea' } }] });
    const streamed = client().responses.stream({ model, input: 'Look!' });
    const { output } = await streamed.finalResponse();
    expect(output[0]).toMatchObject({
      type: 'function_call',
      name: 'look',
      arguments: '{"place":"sea"}',
    });
    const whole = await client().responses.create({ model, input: 'And now?' });
    expect(whole.output_text).not.toBe('');
  });

  it('The SDK runs tools until the model answers', async () => {
    fake.scriptNext({ toolCalls: [{ name: 'depth', arguments: {} }] });
    const parameters = { type: 'object' as const, properties: {} };
    const run = { function: () => 'deep', name: 'depth', description: 'Depth', parameters };
    const tools = [{ type: 'function' as const, function: run }];
    const runner = client().chat.completions.runTools({ model, messages, tools });
    expect(await runner.finalContent()).toMatch(/\.$/);
    expect(fake.invoice.map((line) => line.complete)).toEqual([true, true]);
  });

  it('The SDK reads embeddings, moderations, models and legacy completions', async () => {
    const input = ['one', 'two'];
    const { data } = await client().embeddings.create({
      model: 'text-embedding-3-small',
      input,
      dimensions: 8,
    });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
    expect((await client().moderations.create({ input: 'hi' })).results[0]?.flagged).toBe(false);
    expect((await collect(client().models.list())).map(({ id }) => id)).toContain(model);
    const legacy = { model: 'gpt-3.5-turbo-instruct', prompt: ['a', 'b'], n: 2 };
    expect((await client().completions.create(legacy)).choices).toHaveLength(4);
    const stream = await client().completions.create({ ...legacy, stream: true });
    expect((await collect(stream)).at(-1)?.choices[0]?.finish_reason).toMatch(/stop|length/);
    expect(fake.totals().outputTokens).toBeGreaterThan(0);
  });

  it('The SDK throws its typed errors for refusals, and none of them is billed', async () => {
    fake.scriptNext({ reply: openAIErrors.rateLimited(2) });
    await expect(client().chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('org-fakeOrganization'),
    });
    fake.scriptNext({ reply: openAIErrors.invalidApiKey() });
    await expect(client().responses.create({ model, input: 'x' })).rejects.toBeInstanceOf(
      Sdk.AuthenticationError,
    );
    await expect(client().files.list()).rejects.toMatchObject({ status: 404 });
    expect(fake.invoice).toEqual([]);
  });
});

describe('The AI SDK against the fake', () => {
  it('The AI SDK generates and streams text with both APIs', async () => {
    const openai = createOpenAI({ apiKey: 'sk-test', baseURL: fake.baseURL });
    for (const each of [openai(model), openai.chat(model)]) {
      const prompt = 'How deep is the sea?';
      const whole = await generateText({ model: each, prompt });
      const streamed = streamText({ model: each, prompt });
      expect(await streamed.text).toBe(whole.text);
      expect((await streamed.usage).outputTokens).toBe(fake.invoice.at(-1)?.outputTokens);
    }
    expect(fake.invoice.map((line) => line.endpoint)).toEqual([
      '/responses',
      '/responses',
      '/chat/completions',
      '/chat/completions',
    ]);
  });
});
