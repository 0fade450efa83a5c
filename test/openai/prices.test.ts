import { calcPrice, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { NO_USAGE, type Usage } from '../../src/core/usage.ts';
import type { ModelPriceOverride } from '../../src/openai/prices/price-overrides.ts';
import { priceList } from '../../src/openai/prices/prices.ts';
import {
  costNanoUsd,
  type RateCard,
  upperBoundNanoUsd,
} from '../../src/openai/prices/rate-card.ts';

const clock: Clock = { nowMs: () => Date.UTC(2026, 10, 23) };
const book = priceList({}, clock);
const models = (findProvider({ providerId: 'openai' })?.models ?? []).map(({ id }) => id);
const published = (model: string) =>
  calcPrice({}, model, { providerId: 'openai', timestamp: new Date(clock.nowMs()) })?.model_price;
const priced = models.flatMap((model): [string, RateCard][] => {
  const card = book.find(model);
  return card === undefined ? [] : [[model, card]];
});

const none = NO_USAGE;

/** Any usage whose details are parts of their totals. */
const anyUsage: fc.Arbitrary<Usage> = fc
  .record({
    inputTokens: fc.oneof(fc.nat(10_000), fc.nat(600_000), fc.constantFrom(271_999, 272_000)),
    outputTokens: fc.nat(130_000),
    cached: fc.nat(100),
    written: fc.nat(100),
    heard: fc.nat(100),
    spoken: fc.nat(100),
  })
  .map(({ inputTokens, outputTokens, cached, written, heard, spoken }) => {
    const part = (of: number, percent: number) => Math.floor((of * percent) / 100);
    const cachedInputTokens = part(inputTokens, cached);
    return {
      ...none,
      inputTokens,
      cachedInputTokens,
      cacheWriteTokens: part(inputTokens - cachedInputTokens, written),
      outputTokens,
      inputAudioTokens: part(inputTokens, heard),
      outputAudioTokens: part(outputTokens, spoken),
    };
  });

describe('The price list', () => {
  it('Every model in the price data has a positive token price or no price', () => {
    expect(priced.length).toBeGreaterThan(60);
    for (const [model, card] of priced) {
      expect(costNanoUsd(card, { ...none, inputTokens: 1_000 }), model).toBeGreaterThan(0);
      if (!model.includes('embedding')) {
        expect(costNanoUsd(card, { ...none, outputTokens: 1_000 }), model).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    'whisper-1',
    'gpt-transcribe',
    'gpt-image-1',
    'gpt-4o-audio-preview',
    'omni-moderation-latest',
    'gpt-9',
    '',
    '__proto__',
    'toString',
  ])('The price list has no token price for %j', (model) => {
    expect(book.find(model)).toBeUndefined();
    expect(book.find(model)).toBeUndefined();
  });

  it('The cost of text equals the price data to less than one nano-USD for every model and usage', () => {
    fc.assert(
      fc.property(fc.constantFrom(...priced), anyUsage, ([model, card], any) => {
        const usage = { ...any, inputAudioTokens: 0, outputAudioTokens: 0 };
        const writes = published(model)?.['output_mtok'] !== undefined;
        const chargesWrites = published(model)?.['cache_write_mtok'] !== undefined;
        const chargesReads = published(model)?.['cache_read_mtok'] !== undefined;
        if (!chargesWrites) usage.cacheWriteTokens = 0;
        if (!chargesReads) usage.cachedInputTokens = 0;
        const theirs = calcPrice(
          {
            input_tokens: usage.inputTokens,
            ...(writes && { output_tokens: usage.outputTokens }),
            ...(chargesReads && { cache_read_tokens: usage.cachedInputTokens }),
            ...(chargesWrites && { cache_write_tokens: usage.cacheWriteTokens }),
          },
          model,
          { providerId: 'openai', timestamp: new Date(clock.nowMs()) },
        );
        const nanoUsd = (theirs?.total_price ?? Number.NaN) * 1e9;
        const ours = costNanoUsd(card, usage);
        expect(ours - nanoUsd).toBeGreaterThan(-0.01);
        expect(ours - nanoUsd).toBeLessThan(1.01);
      }),
      { numRuns: 5_000 },
    );
  });

  it('The cost of audio equals the price data', () => {
    const audio = priced.filter(([model]) => published(model)?.['output_audio_mtok'] !== undefined);
    expect(audio.length).toBeGreaterThan(0);
    for (const [model, card] of audio) {
      const usage = {
        ...none,
        inputTokens: 900,
        inputAudioTokens: 400,
        outputTokens: 700,
        outputAudioTokens: 300,
      };
      const theirs = calcPrice(
        {
          input_tokens: 900,
          input_audio_tokens: 400,
          output_tokens: 700,
          output_audio_tokens: 300,
        },
        model,
        { providerId: 'openai', timestamp: new Date(clock.nowMs()) },
      );
      expect(costNanoUsd(card, usage), model).toBe(
        Math.ceil((theirs?.total_price ?? 0) * 1e9 - 1e-3),
      );
    }
  });

  it('The upper bound covers every usage within the held tokens in every tier', () => {
    const tiers = fc.constantFrom(
      undefined,
      'default',
      'priority',
      'flex',
      'auto',
      'never heard of',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...priced),
        anyUsage,
        fc.nat(1_000),
        tiers,
        ([, card], usage, more, tier) => {
          const held = {
            inputTokens: usage.inputTokens + more,
            outputTokens: usage.outputTokens + more,
          };
          const bound = upperBoundNanoUsd(card, held, tier);
          expect(bound).toBeGreaterThanOrEqual(costNanoUsd(card, usage, tier));
          if (tier === 'flex') {
            expect(bound).toBeGreaterThanOrEqual(costNanoUsd(card, usage, 'default'));
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('Priority costs double, flex costs half, and an unknown tier costs as much as the dearest', () => {
    const card = book.find('gpt-5-mini');
    if (card === undefined) throw new Error('gpt-5-mini has no price');
    const usage = { ...none, inputTokens: 1_000, outputTokens: 1_000 };
    const standard = costNanoUsd(card, usage);
    expect(costNanoUsd(card, usage, 'default')).toBe(standard);
    expect(costNanoUsd(card, usage, 'priority')).toBe(standard * 2);
    expect(costNanoUsd(card, usage, 'flex')).toBe(standard / 2);
    expect(costNanoUsd(card, usage, 'ultrafast')).toBe(standard * 2);
  });

  it('The prices of the clock’s current day apply', () => {
    let nowMs = Date.UTC(2026, 6, 29);
    const dated = priceList({}, { nowMs: () => nowMs });
    const cost = () => {
      const card = dated.find('gpt-5.6-luna');
      return card && costNanoUsd(card, { ...none, inputTokens: 1_000_000 / 10 });
    };
    const before = cost();
    nowMs = Date.UTC(2026, 6, 31);
    expect(before).toBe(100_000_000);
    expect(cost()).toBe(20_000_000);
  });
});

describe('Price overrides', () => {
  const mine: ModelPriceOverride = { inputUsdPerMillion: 2, outputUsdPerMillion: 8 };

  it('An override replaces the price data for the exact model name', () => {
    const own = priceList({ 'gpt-5': mine, 'my-model': mine }, clock);
    for (const model of ['gpt-5', 'my-model']) {
      const card = own.find(model);
      expect(card && costNanoUsd(card, { ...none, inputTokens: 10, outputTokens: 1 })).toBe(28_000);
    }
    expect(own.find('gpt-5-mini')).toEqual(book.find('gpt-5-mini'));
  });

  it('Kinds of tokens that an override does not name cost as much as plain input and output', () => {
    const card = priceList({ m: mine }, clock).find('m');
    const usage = { ...none, inputTokens: 100, cachedInputTokens: 50, inputAudioTokens: 50 };
    expect(card && costNanoUsd(card, usage)).toBe(200_000);
  });

  it('A long-context price applies to the whole request above its input length', () => {
    const longContext = { aboveInputTokens: 100, inputUsdPerMillion: 4, outputUsdPerMillion: 12 };
    const card = priceList({ m: { ...mine, longContext } }, clock).find('m');
    if (card === undefined) throw new Error('m has no price');
    expect(costNanoUsd(card, { ...none, inputTokens: 100 })).toBe(200_000);
    expect(costNanoUsd(card, { ...none, inputTokens: 101 })).toBe(404_000);
    expect(upperBoundNanoUsd(card, { inputTokens: 101, outputTokens: 1 })).toBe(416_000);
  });

  it.each([
    ['given per token', { inputUsdPerMillion: 0.000_002, outputUsdPerMillion: 8 }],
    ['negative', { inputUsdPerMillion: -1, outputUsdPerMillion: 8 }],
    ['not a number', { inputUsdPerMillion: '2', outputUsdPerMillion: 8 }],
    ['absurdly high', { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 8 }],
  ])('A price that is %s throws a TypeError that names the field', (_, override) => {
    const make = () => priceList({ m: override as ModelPriceOverride });
    expect(make).toThrow(TypeError);
    expect(make).toThrow('"prices.m.inputUsdPerMillion"');
  });

  it('An unknown field in an override throws a TypeError', () => {
    expect(() => priceList({ m: { ...mine, inputPrice: 1 } as ModelPriceOverride })).toThrow(
      TypeError,
    );
  });
});
