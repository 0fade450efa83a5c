import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_USAGE, type Usage } from '../../../src/core/usage.ts';
import type { ModelPrice, TokenPrices } from '../../../src/index.ts';
import { costNanoUsd, upperBoundNanoUsd } from '../../../src/openai/prices/rate-card.ts';
import { cardOf, tableOf } from './tables.ts';

/**
 * What tokens cost, reckoned apart from the guard: tokens are in heaps, each heap has the kinds of its
 * tokens, and a token costs as the dearest of its kinds.
 */
const INPUT = ['cached', 'cacheWrite', 'cacheWriteLong', 'inputImage', 'inputAudio'] as const;
const OUTPUT = ['outputImage', 'outputAudio'] as const;
type Name = 'input' | 'output' | (typeof INPUT)[number] | (typeof OUTPUT)[number];

interface Heap {
  readonly kinds: readonly Name[];
  readonly tokens: number;
}

/** Falls back as the docs of each field say. */
function usdOf(prices: TokenPrices, name: Name): number {
  const own = prices[name];
  if (name === 'inputAudio') return Math.max(own ?? prices.input, prices.cachedAudio ?? 0);
  if (own !== undefined) return own;
  if (name === 'cacheWriteLong') return usdOf(prices, 'cacheWrite');
  return name.startsWith('output') ? prices.output : prices.input;
}

function billNano(prices: TokenPrices, heaps: readonly Heap[], plain: 'input' | 'output'): number {
  return heaps.reduce((sum, { kinds, tokens }) => {
    const each = kinds.length === 0 ? [usdOf(prices, plain)] : kinds.map((k) => usdOf(prices, k));
    return sum + tokens * Math.max(...each) * 1_000;
  }, 0);
}

/** The prices of the standard tier for this much input. */
function atLength({ long, ...short }: TokenPrices, inputTokens: number): TokenPrices {
  if (long === undefined || inputTokens <= long.aboveInputTokens) return short;
  const { aboveInputTokens: _, ...above } = long;
  return { ...short, ...above };
}

const usd = fc.integer({ min: 1, max: 400 }).map((n) => n / 8);
const details = {
  cached: usd,
  cacheWrite: usd,
  cacheWriteLong: usd,
  inputImage: usd,
  inputAudio: usd,
  cachedAudio: usd,
  outputImage: usd,
  outputAudio: usd,
};
const LONG = 5_000;
const shortPrices = fc.record(
  { input: usd, output: usd, ...details },
  { requiredKeys: ['input', 'output'] },
);
const longPrices = fc.record(
  { aboveInputTokens: fc.constant(LONG), input: usd, output: usd, ...details },
  { requiredKeys: ['aboveInputTokens'] },
);
const tokenPrices = fc
  .tuple(shortPrices, fc.option(longPrices, { nil: undefined }))
  .map(([short, long]) => (long === undefined ? short : { ...short, long }) as TokenPrices);
const tierNames = ['fast', 'flex', 'ultrafast'] as const;
const anyPrice = fc
  .record({
    tokens: tokenPrices,
    perRequest: fc.constantFrom(0, 0.01),
    tiers: fc.dictionary(
      fc.constantFrom(...tierNames),
      fc.oneof(fc.constantFrom(0.5, 1.8, 6), tokenPrices),
      { maxKeys: 3 },
    ),
  })
  .map((price) => price as ModelPrice & { tokens: TokenPrices });

const heap = <K extends Name>(kinds: readonly K[]) =>
  fc.record({
    kinds: fc.subarray([...kinds] as Name[]),
    tokens: fc.oneof(fc.nat(100), fc.nat(4_000)),
  });
const inputHeaps = fc.array(heap(INPUT), { minLength: 1, maxLength: 5 });
const outputHeaps = fc.array(heap(OUTPUT), { minLength: 1, maxLength: 3 });

const sum = (heaps: readonly Heap[], of?: Name) =>
  heaps.reduce(
    (all, { kinds, tokens }) => (of === undefined || kinds.includes(of) ? all + tokens : all),
    0,
  );

/** What an answer says of these heaps. */
function usageOf(input: readonly Heap[], output: readonly Heap[]): Usage {
  const long = sum(input, 'cacheWriteLong');
  return {
    ...NO_USAGE,
    inputTokens: sum(input),
    cachedInputTokens: sum(input, 'cached'),
    cacheWriteTokens: Math.min(sum(input), sum(input, 'cacheWrite') + long),
    cacheWriteLongTokens: long,
    inputImageTokens: sum(input, 'inputImage'),
    inputAudioTokens: sum(input, 'inputAudio'),
    outputTokens: sum(output),
    outputImageTokens: sum(output, 'outputImage'),
    outputAudioTokens: sum(output, 'outputAudio'),
  };
}

const oneKind = (heaps: readonly Heap[]): Heap[] =>
  heaps.map(({ kinds, tokens }) => ({ kinds: kinds.slice(0, 1), tokens }));

describe('The cost of a usage', () => {
  it('Tokens of one kind each cost exactly what an independent reckoning says', () => {
    fc.assert(
      fc.property(anyPrice, inputHeaps, outputHeaps, (price, anyInput, anyOutput) => {
        const [input, output] = [oneKind(anyInput), oneKind(anyOutput)];
        const usage = usageOf(input, output);
        const prices = atLength(price.tokens, usage.inputTokens);
        const bill = billNano(prices, input, 'input') + billNano(prices, output, 'output');
        const card = cardOf(tableOf({ m: price }), 'm');
        const fee = (price.perRequest ?? 0) * 1e9;
        expect(costNanoUsd(card, usage)).toBe(Math.ceil(bill - 1e-6) + fee);
      }),
      { numRuns: 700 },
    );
  });

  it('Details that add up to more than their total never lower the cost', () => {
    fc.assert(
      fc.property(shortPrices, inputHeaps, (prices, input) => {
        const tokens = prices as TokenPrices;
        const usage = usageOf(input, []);
        const named = INPUT.reduce((all, kind) => all + sum(input, kind), 0);
        fc.pre(named > usage.inputTokens && sum(input, 'cacheWriteLong') === 0);
        const card = cardOf(tableOf({ m: { tokens } }), 'm');
        expect(costNanoUsd(card, usage)).toBeGreaterThanOrEqual(
          Math.floor(billNano(tokens, input, 'input')),
        );
      }),
      { numRuns: 700 },
    );
  });

  it('Tokens that were read and written are charged once, as written', () => {
    const tokens = { input: 2, cached: 0.2, cacheWrite: 2.5, output: 10 };
    const card = cardOf(tableOf({ m: { tokens } }), 'm');
    const usage = {
      ...NO_USAGE,
      inputTokens: 2_000,
      cachedInputTokens: 1_990,
      cacheWriteTokens: 1_990,
    };
    expect(costNanoUsd(card, usage)).toBe(1_990 * 2_500 + 10 * 2_000);
  });
});

describe('The upper bound', () => {
  it('It covers every usage within the held tokens, in the tier that was asked for and in the standard one', () => {
    const tier = fc.constantFrom(undefined, 'default', 'priority', 'flex', 'ultrafast', 'unknown');
    const more = fc.nat(3_000);
    fc.assert(
      fc.property(
        anyPrice,
        inputHeaps,
        outputHeaps,
        tier,
        more,
        (price, input, output, asked, extra) => {
          const card = cardOf(tableOf({ m: price }), 'm');
          const usage = usageOf(input, output);
          const audio = usage.inputAudioTokens + usage.outputAudioTokens > 0;
          const held = {
            inputTokens: usage.inputTokens + extra,
            outputTokens: usage.outputTokens + extra,
            audio,
          };
          const bound = upperBoundNanoUsd(card, held, asked);
          const standard = atLength(price.tokens, usage.inputTokens);
          const bill = billNano(standard, input, 'input') + billNano(standard, output, 'output');
          expect(bound).toBeGreaterThanOrEqual(Math.floor(bill));
          for (const served of [asked, 'default', undefined]) {
            expect(bound).toBeGreaterThanOrEqual(costNanoUsd(card, usage, served));
          }
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('Without audio in reach, the price of audio does not raise it', () => {
    const card = cardOf(tableOf(), 'gpt-audio');
    const tokens = { inputTokens: 1_000, outputTokens: 1_000 };
    expect(upperBoundNanoUsd(card, { ...tokens, audio: false })).toBe(12_500_000);
    expect(upperBoundNanoUsd(card, { ...tokens, audio: true })).toBe(96_000_000);
  });
});
