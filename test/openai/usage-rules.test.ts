import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largerUsage, type ReadUsage, readUsage } from '../../src/openai/answer/usage-rules.ts';

const read = (value: unknown, writes = true) => readUsage(value, writes);

/** Each line: what a host wrote, what it means, and the rules that had to complete or change it. */
const lines: [string, object, object, string[]][] = [
  [
    'chat spelling',
    { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    { inputTokens: 7, outputTokens: 5 },
    [],
  ],
  [
    'responses spelling',
    { input_tokens: 7, output_tokens: 5, total_tokens: 12 },
    { inputTokens: 7, outputTokens: 5 },
    [],
  ],
  [
    'both spellings',
    { prompt_tokens: 7, completion_tokens: 0, input_tokens: 6, output_tokens: 5 },
    { inputTokens: 7, outputTokens: 5 },
    [],
  ],
  [
    'the largest of several details',
    {
      input_tokens: 9,
      output_tokens: 9,
      input_tokens_details: { cached_tokens: 1 },
      prompt_tokens_details: { cached_tokens: 2 },
      input_token_details: { cached_tokens: 3 },
      output_token_details: { reasoning_tokens: 4 },
    },
    { cachedInputTokens: 3, reasoningTokens: 4 },
    [],
  ],
  [
    'reasoning beside the output, and both in the total',
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { inputTokens: 32, outputTokens: 103, reasoningTokens: 94 },
    [],
  ],
  [
    'a fraction',
    { prompt_tokens: 10.5, completion_tokens: 2.1 },
    { inputTokens: 11, outputTokens: 3 },
    [],
  ],
  [
    'a negative input with a total',
    { prompt_tokens: -3, completion_tokens: 5, total_tokens: 12 },
    { inputTokens: 7, outputTokens: 5 },
    ['invalid_count', 'input_from_total'],
  ],
  [
    'counts that are no numbers',
    { prompt_tokens: '7', completion_tokens: true, total_tokens: 1e300, input_tokens: 2 },
    { inputTokens: 2, outputTokens: 0 },
    ['invalid_count', 'output_missing'],
  ],
  [
    'no output, and a total',
    { prompt_tokens: 7, completion_tokens: null, total_tokens: 12 },
    { inputTokens: 7, outputTokens: 5 },
    ['output_from_total'],
  ],
  ['no output', { prompt_tokens: 7 }, { inputTokens: 7, outputTokens: 0 }, ['output_missing']],
  [
    'no output but reasoning',
    { prompt_tokens: 7, completion_tokens_details: { reasoning_tokens: 6 } },
    { inputTokens: 7, outputTokens: 6 },
    ['output_missing', 'reasoning_above_output'],
  ],
  ['no input', { completion_tokens: 5 }, { inputTokens: 0, outputTokens: 5 }, ['input_missing']],
  [
    'no input, but a cache',
    { completion_tokens: 5, cached_tokens: 30 },
    { inputTokens: 30, cachedInputTokens: 30, outputTokens: 5 },
    ['input_from_cache'],
  ],
  [
    'a total alone',
    { total_tokens: 18 },
    { inputTokens: 0, outputTokens: 18 },
    ['total_alone', 'output_from_total'],
  ],
  [
    'a total above its parts',
    { prompt_tokens: 40, completion_tokens: 10, total_tokens: 90 },
    { inputTokens: 40, outputTokens: 50 },
    ['total_above_parts'],
  ],
  [
    'reasoning above the output, with a total',
    {
      prompt_tokens: 40,
      completion_tokens: 10,
      total_tokens: 50,
      completion_tokens_details: { reasoning_tokens: 11 },
    },
    { inputTokens: 40, outputTokens: 11, reasoningTokens: 11 },
    ['reasoning_above_output', 'total_below_parts'],
  ],
  [
    'reasoning beside the output, without a total',
    { prompt_tokens: 40, completion_tokens: 10, reasoning_tokens: 30 },
    { inputTokens: 40, outputTokens: 40, reasoningTokens: 30 },
    ['reasoning_above_output'],
  ],
  [
    'a total below its parts',
    { prompt_tokens: 100, completion_tokens: 50, total_tokens: 120 },
    { inputTokens: 100, outputTokens: 50 },
    ['total_below_parts'],
  ],
  [
    'cached tokens beside the details',
    { prompt_tokens: 100, completion_tokens: 1, cached_tokens: 60, num_cached_tokens: 64 },
    { inputTokens: 100, cachedInputTokens: 64 },
    [],
  ],
  [
    'hit and miss',
    {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
    },
    { inputTokens: 100, cachedInputTokens: 64 },
    [],
  ],
  [
    'hit and miss above the input',
    {
      prompt_tokens: 36,
      completion_tokens: 1,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
    },
    { inputTokens: 100, cachedInputTokens: 64 },
    ['cache_above_input'],
  ],
  [
    'a cache that stands beside the input',
    {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 90,
    },
    { inputTokens: 1_000, outputTokens: 5, cachedInputTokens: 900, cacheWriteTokens: 90 },
    ['cache_beside_input'],
  ],
  [
    'a cache that the total says is inside',
    { input_tokens: 1_000, output_tokens: 5, total_tokens: 1_005, cache_read_input_tokens: 900 },
    { inputTokens: 1_000, outputTokens: 5, cachedInputTokens: 900 },
    [],
  ],
  [
    'a cache that cannot be inside',
    { input_tokens: 10, output_tokens: 5, total_tokens: 15, cache_read_input_tokens: 900 },
    { inputTokens: 910, outputTokens: 5, cachedInputTokens: 900 },
    ['cache_beside_input', 'total_below_parts'],
  ],
  [
    'a cache with details',
    {
      prompt_tokens: 1_000,
      completion_tokens: 5,
      cache_read_input_tokens: 900,
      prompt_tokens_details: { cached_tokens: 900 },
    },
    { inputTokens: 1_000, cachedInputTokens: 900 },
    [],
  ],
  [
    'read and written overlap',
    {
      prompt_tokens: 2_000,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 1_990, cache_write_tokens: 1_990 },
    },
    { inputTokens: 2_000, cachedInputTokens: 1_990, cacheWriteTokens: 1_990 },
    ['cache_overlaps'],
  ],
  [
    'more cached than read',
    { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 500 } },
    { inputTokens: 10, cachedInputTokens: 10 },
    ['detail_above_whole'],
  ],
  [
    'long writes, audio and images',
    {
      input_tokens: 132,
      output_tokens: 4_160,
      total_tokens: 4_292,
      input_tokens_details: {
        cached_tokens: 64,
        cache_write_tokens: 20,
        cache_write_tokens_details: { ttl_12h_tokens: 8 },
        text_tokens: 79,
        audio_tokens: 13,
        image_tokens: 40,
      },
      output_tokens_details: { audio_tokens: 91, image_tokens: 4_000 },
    },
    {
      inputTokens: 132,
      cachedInputTokens: 64,
      cacheWriteTokens: 20,
      cacheWriteLongTokens: 8,
      inputAudioTokens: 13,
      inputImageTokens: 40,
      outputTokens: 4_160,
      outputAudioTokens: 91,
      outputImageTokens: 4_000,
    },
    [],
  ],
  [
    'times, prices and unknown fields',
    {
      prompt_tokens: 7,
      completion_tokens: 5,
      total_tokens: 12,
      queue_time: 0.01,
      total_time: 0.2,
      is_byok: false,
      cost: 0.000123,
      prompt_tokens_details: null,
      completion_tokens_details: null,
      server_side_tool_usage_details: { web_search_calls: 0 },
    },
    { inputTokens: 7, outputTokens: 5 },
    [],
  ],
];

describe('A usage in the spelling of any host', () => {
  it.each(lines)(
    'It is read whole, and the larger reading counts: %s',
    (_, value, usage, doubts) => {
      const found = read(value);
      expect(found?.usage).toMatchObject(usage);
      expect(new Set(found?.doubts)).toEqual(new Set(doubts));
    },
  );

  it.each([
    ['a total alone', { total_tokens: 18 }, 18, ['input_from_total']],
    ['an input', { prompt_tokens: 18 }, 18, []],
    ['a total above the input', { prompt_tokens: 8, total_tokens: 18 }, 18, ['total_above_parts']],
  ])(
    'An endpoint that writes nothing counts everything as input: %s',
    (_, value, input, doubts) => {
      const found = read(value, false);
      expect(found?.usage).toMatchObject({ inputTokens: input, outputTokens: 0 });
      expect(found?.doubts).toEqual(doubts);
    },
  );

  it.each([
    [undefined],
    [null],
    [[]],
    ['5'],
    [{}],
    [{ prompt_tokens: 'x', completion_tokens: Number.NaN }],
    [{ prompt_tokens: -1 }],
    [{ prompt_tokens_details: { cached_tokens: 5 } }],
  ])('A usage without a single count is not known: %j', (value) => {
    expect(read(value)).toBeUndefined();
  });
});

const number = fc.oneof(
  fc.nat(2_000),
  fc.constantFrom(0, -1, 1.5, 1e9, 1e15, Number.NaN, null, '7', undefined),
);
const names = {
  top: [
    'prompt_tokens',
    'input_tokens',
    'completion_tokens',
    'output_tokens',
    'total_tokens',
    'reasoning_tokens',
    'cached_tokens',
    'num_cached_tokens',
    'prompt_cache_hit_tokens',
    'prompt_cache_miss_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
  ],
  input: ['cached_tokens', 'cache_write_tokens', 'audio_tokens', 'image_tokens'],
  output: ['reasoning_tokens', 'audio_tokens', 'image_tokens'],
};
const some = (of: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...of), number, { maxKeys: of.length });
const anyUsage = fc
  .tuple(some(names.top), some(names.input), some(names.output))
  .map(([top, input, output]) => ({
    ...top,
    prompt_tokens_details: input,
    output_tokens_details: output,
  }));

type Top = Record<string, unknown>;
const count = (value: unknown): number =>
  typeof value === 'number' && value >= 0 && value <= 1e9 ? Math.ceil(value) : 0;

describe('Any usage', () => {
  it('The counts are at least each of their sources, whole, and no detail is above its whole', () => {
    fc.assert(
      fc.property(anyUsage, fc.boolean(), (value, writes) => {
        const found = read(value, writes)?.usage;
        if (found === undefined) return;
        const top: Top = value;
        const { inputTokens, outputTokens } = found;
        for (const name of ['prompt_tokens', 'input_tokens']) {
          expect(inputTokens).toBeGreaterThanOrEqual(count(top[name]));
        }
        for (const name of ['completion_tokens', 'output_tokens']) {
          expect(outputTokens).toBeGreaterThanOrEqual(count(top[name]));
        }
        expect(inputTokens + outputTokens).toBeGreaterThanOrEqual(count(top['total_tokens']));
        if (writes) {
          expect(outputTokens).toBeGreaterThanOrEqual(count(top['reasoning_tokens']));
          const reasoning = count(value.output_tokens_details['reasoning_tokens']);
          expect(outputTokens).toBeGreaterThanOrEqual(reasoning);
        }
        for (const part of Object.values(found)) expect(part).toSatisfy(Number.isSafeInteger);
        const { cachedInputTokens, cacheWriteTokens, inputAudioTokens, inputImageTokens } = found;
        for (const part of [
          cachedInputTokens,
          cacheWriteTokens,
          inputAudioTokens,
          inputImageTokens,
        ]) {
          expect(part).toBeLessThanOrEqual(inputTokens);
        }
        const { reasoningTokens, outputAudioTokens, outputImageTokens } = found;
        for (const part of [reasoningTokens, outputAudioTokens, outputImageTokens]) {
          expect(part).toBeLessThanOrEqual(outputTokens);
        }
        expect(found.cacheWriteLongTokens).toBeLessThanOrEqual(cacheWriteTokens);
      }),
      { numRuns: 5_000 },
    );
  });

  it('Several usages of one stream make the same reading in any order', () => {
    const several = fc.array(anyUsage, { minLength: 1, maxLength: 5 });
    const joined = (values: readonly unknown[]) =>
      values
        .map((value) => read(value))
        .filter((value) => value !== undefined)
        .reduce(
          (all: ReadUsage | undefined, one) => (all ? largerUsage(all, one) : one),
          undefined,
        );
    fc.assert(
      fc.property(several, (values) => {
        const forward = joined(values);
        const backward = joined(values.toReversed());
        expect(backward?.usage).toEqual(forward?.usage);
        expect(new Set(backward?.doubts)).toEqual(new Set(forward?.doubts));
      }),
      { numRuns: 1_000 },
    );
  });

  it('A count that one usage of a stream leaves out is completed by another one', () => {
    const input = read({ prompt_tokens: 900 });
    const output = read({ completion_tokens: 40 });
    if (input === undefined || output === undefined) throw new Error('They have counts.');
    expect(largerUsage(input, output)).toMatchObject({
      usage: { inputTokens: 900, outputTokens: 40 },
      doubts: [],
    });
  });
});
