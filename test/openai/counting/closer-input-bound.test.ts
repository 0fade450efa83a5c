import { beforeAll, describe, expect, it } from 'vitest';
import { isDenial } from '../../../src/core/denial.ts';
import { closerInputBound } from '../../../src/openai/counting/closer-input-bound.ts';
import { encodingsOf } from '../../../src/openai/counting/encodings.ts';
import { parseAllowances } from '../../../src/openai/request/allowances.ts';
import { type BuiltRequest, buildRequest } from '../../../src/openai/request/build-request.ts';
import { inputUpperBound } from '../../../src/openai/request/input-bound.ts';
import { endpointNamed } from '../named.ts';
import { usualTexts } from './texts.ts';
import { countHere, tokenizers } from './tokenizers.ts';

const allow = parseAllowances(
  {
    images: { https: true },
    files: { tokensEach: 0 },
    audio: { tokensEach: 0 },
    stateful: {},
    prompts: { pmpt_1: {} },
    hostedTools: { web_search: { usdPerCall: 0, maxCalls: 1, inputTokensPerCall: 0 } },
  },
  'allow',
);
const policy = { maxOutputTokens: 1_000, maxChoices: 1, allow };

function built(name: string, body: Record<string, unknown>): BuiltRequest {
  const request = buildRequest(endpointNamed(name), body, policy);
  if (isDenial(request)) throw new Error(`${request.param}: ${request.message}`);
  return request;
}

const bytesOf = (body: unknown) => Buffer.byteLength(JSON.stringify(body));

/** The bound by bytes, and the closer one. */
async function bounds(name: string, body: Record<string, unknown>) {
  const request = built(name, body);
  const bytes = inputUpperBound(bytesOf(body), request);
  return { bytes, closer: await closerInputBound(request, bytes, (job) => countHere(job())) };
}

const english = usualTexts['English']?.(20_000) ?? '';
const chat = (more: Record<string, unknown> = {}) => ({
  model: 'gpt-5-mini',
  messages: [{ role: 'user', content: english }],
  ...more,
});
const response = (more: Record<string, unknown> = {}) => ({
  model: 'gpt-5-mini',
  input: english,
  ...more,
});
const described = {
  name: 'get_weather',
  description: 'Returns the weather of a place.',
  parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};
const tool = { type: 'function', ...described };
const chatTool = { type: 'function', function: described };

describe('The closer bound of input tokens', () => {
  it('is the count of the body and 64 tokens', async () => {
    const request = built('chat.completions', chat());
    const exact = tokenizers.o200k_base.countTokens(JSON.stringify(request.body));
    const { closer } = await bounds('chat.completions', chat());
    expect(closer - 64).toBeGreaterThanOrEqual(exact);
    expect(closer - 64).toBeLessThanOrEqual(exact + 8);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['a tool', 'chat.completions', { tools: [chatTool] }],
    ['a function', 'chat.completions', { functions: [{ name: 'f' }] }],
    ['a tool', 'responses', { tools: [tool] }],
  ])('has 256 tokens more with %s in %s', async (_, name, more) => {
    const body = name === 'responses' ? response(more) : chat(more);
    const request = built(name, body);
    const counted = await countHere({
      json: JSON.stringify(request.body),
      encodings: ['o200k_base'],
    });
    expect((await bounds(name, body)).closer).toBe(counted + 64 + 256);
  });

  it('is never above the bytes, however small the body is', async () => {
    const { bytes, closer } = await bounds('chat.completions', {
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(closer).toBe(bytes);
  });

  it('has a third more for a model whose tokenizer is not published', async () => {
    const body = chat({ model: 'gpt-6-astra' });
    const json = JSON.stringify(built('chat.completions', body).body);
    const larger = await countHere({ json, encodings: ['o200k_base', 'cl100k_base'] });
    const { closer } = await bounds('chat.completions', body);
    expect(closer).toBe(Math.ceil(larger * 1.35) + 64);
  });

  it.each(['llama-4', 'openai/gpt-5-mini', 'gpt-5-search-api', 'my-deployment'])(
    'stays with the bytes for the model %s',
    async (model) => {
      const { bytes, closer } = await bounds('chat.completions', chat({ model }));
      expect(closer).toBe(bytes);
    },
  );

  const imagePart = { type: 'input_image', image_url: 'https://example.com/a.png' };
  const filePart = { type: 'input_file', filename: 'a.pdf', file_data: 'data:,' };
  const message = (...content: object[]) => [
    { role: 'user', content: [{ type: 'input_text', text: english }, ...content] },
  ];
  it.each<[string, string, Record<string, unknown>]>([
    ['an image', 'responses', { input: message(imagePart) }],
    ['a file', 'responses', { input: message(filePart) }],
    ['an earlier response', 'responses', { previous_response_id: 'resp_1' }],
    ['a conversation', 'responses', { conversation: 'conv_1' }],
    ['a stored prompt', 'responses', { prompt: { id: 'pmpt_1' } }],
    ['a hosted tool', 'responses', { tools: [{ type: 'web_search' }] }],
    ['a tool search', 'responses', { tools: [{ type: 'tool_search', execution: 'client' }] }],
    [
      'a namespace of tools',
      'responses',
      { tools: [{ type: 'namespace', name: 'n', tools: [tool] }] },
    ],
    ['a custom tool', 'responses', { tools: [{ type: 'custom', name: 'c' }] }],
    ['a tool that OpenAI describes', 'responses', { tools: [{ type: 'apply_patch' }] }],
    ['a mode of reasoning', 'responses', { reasoning: { mode: 'standard' } }],
    [
      'encrypted content',
      'responses',
      { input: [...message(), { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }] },
    ],
    [
      'an image in a chat',
      'chat.completions',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.b/c' } }] },
        ],
      },
    ],
    [
      'audio in a chat',
      'chat.completions',
      {
        messages: [
          { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA' } }] },
        ],
      },
    ],
    ['a custom tool in a chat', 'chat.completions', { tools: [{ type: 'custom', custom: {} }] }],
    ['a web search in a chat', 'chat.completions', { web_search_options: {} }],
  ])('is not counted with %s', async (_, name, more) => {
    const body = name === 'responses' ? response(more) : chat(more);
    const request = built(name, body);
    expect(request.isTextOnly).toBe(false);
    const count = () => Promise.reject(new Error('counted'));
    expect(await closerInputBound(request, 90_000, count)).toBe(90_000);
  });

  it('is not counted for a body above 1 MB, or where no count is had', async () => {
    const request = built('chat.completions', chat());
    const count = () => Promise.reject(new Error('counted'));
    expect(await closerInputBound(request, 1_000_001, count)).toBe(1_000_001);
    expect(await closerInputBound(request, 20_100, async () => undefined)).toBe(20_100);
  });

  it.each([
    ['completions', 'gpt-3.5-turbo-instruct', 'prompt', [1, 2, 3], 3],
    ['completions', 'gpt-3.5-turbo-instruct', 'prompt', [[1, 2], [3]], 3],
    ['embeddings', 'text-embedding-3-small', 'input', [100_256, 7], 2],
    ['embeddings', 'text-embedding-3-small', 'input', [[5], [6, 7, 8]], 4],
  ] as const)(
    'of %s of %s with token ids in %s: %j is %i and the bytes of the rest',
    async (name, model, field, ids, count) => {
      const body = { model, [field]: ids };
      const rest = bytesOf({ ...built(name, body).body, [field]: [] });
      const noTokenizer = () => Promise.reject(new Error('counted'));
      expect(await closerInputBound(built(name, body), 90_000, noTokenizer)).toBe(count + rest);
    },
  );

  it.each([
    ['completions', 'prompt', 'gpt-3.5-turbo-instruct'],
    ['embeddings', 'input', 'text-embedding-3-small'],
  ])('of %s covers each of many texts in %s', async (name, field, model) => {
    for (const texts of [
      Array.from({ length: 2_000 }, () => '!'),
      Array.from({ length: 500 }, (_, index) => `word ${index}`),
      ['"', '\n', 'é', '漢字'],
    ]) {
      const { closer } = await bounds(name, { model, [field]: texts });
      const { countTokens } = tokenizers.cl100k_base;
      const exact = texts.reduce((sum, text) => sum + countTokens(text), 0);
      expect(closer).toBeGreaterThanOrEqual(exact);
    }
  });
});

/**
 * How many tokens more than the count of its body OpenAI billed, at most, by model: the largest of 721
 * recorded calls (2026-11). The bodies are written for this test.
 */
describe('What OpenAI adds to a request is covered', () => {
  it.each<[string, string, number, Record<string, unknown>]>([
    ['gpt-4o with one tool', 'responses', 175, { model: 'gpt-4o', tools: [tool] }],
    ['gpt-5-mini with its first tool', 'responses', 50, { model: 'gpt-5-mini', tools: [tool] }],
    ['gpt-5.4-mini with a tool', 'responses', 4, { model: 'gpt-5.4-mini', tools: [tool] }],
    ['o3-mini without tools', 'responses', 38, { model: 'o3-mini' }],
    ['gpt-5.6-sol without tools', 'responses', 15, { model: 'gpt-5.6-sol' }],
    ['gpt-4o-mini', 'responses', 0, { model: 'gpt-4o-mini' }],
  ])('%s', async (_, name, added, more) => {
    for (const input of ['Hi', 'What is the weather in Lisbon today?', english]) {
      const body = { input, ...more };
      const json = JSON.stringify(body);
      const count = tokenizers.o200k_base.countTokens(json);
      const { bytes, closer } = await bounds(name, body);
      expect(closer).toBeGreaterThanOrEqual(Math.min(bytes, count + added));
    }
  });
});

const KILOBYTES = [1, 2, 5, 10, 20, 50, 100, 200];
const calls = Object.entries(usualTexts).flatMap(([kind, make]) =>
  KILOBYTES.map((kilobytes) => ({ kind, content: make(kilobytes * 1_000) })),
);

describe('Calls that are refused although their tokens fit', () => {
  const measure = () =>
    Promise.all(
      calls.map(async ({ kind, content }) => {
        const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content }] };
        // Seven tokens frame a message.
        const used = tokenizers.o200k_base.countTokens(content) + 7;
        return { kind, used, ...(await bounds('chat.completions', body)) };
      }),
    );

  let all: Awaited<ReturnType<typeof measure>>;
  beforeAll(async () => {
    all = await measure();
  }, 60_000);

  it('are none of which the bound is below the truth, in 48 calls of six kinds', () => {
    expect(all).toHaveLength(48);
    expect(all.filter(({ used, closer }) => closer < used)).toEqual([]);
    expect(encodingsOf('gpt-5-mini')?.names).toEqual(['o200k_base']);
  });

  it.each([
    [2_000, 18, 12, 2],
    [8_000, 29, 11, 1],
    [32_000, 40, 10, 0],
    [128_000, 48, 6, 0],
  ])(
    'with a limit of %i tokens: of at least %i that fit, bytes refuse %i, and the count at most %i',
    (limit, fitting, byBytes, byCount) => {
      const fit = all.filter(({ used }) => used <= limit);
      expect(fit.length).toBeGreaterThanOrEqual(fitting);
      expect(fit.filter(({ bytes }) => bytes > limit).length).toBeGreaterThanOrEqual(byBytes);
      expect(fit.filter(({ closer }) => closer > limit).length).toBeLessThanOrEqual(byCount);
    },
  );
});
