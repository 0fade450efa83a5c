import { describe, expect, it } from 'vitest';
import type { ModelPrices } from '../../../src/index.ts';
import { hasTier, upperBoundNanoUsd } from '../../../src/openai/prices/rate-card.ts';
import { cardOf, cost, tableOf } from './tables.ts';

const mine = { tokens: { input: 2, output: 8 } };
const usage = { inputTokens: 10, outputTokens: 1 };

describe('The prices of an operator', () => {
  it('An own price replaces the built-in one for the exact model name, and for its dated names', () => {
    const table = tableOf({
      'gpt-5': mine,
      'my-model': mine,
      'gpt-5-2025-08-07': { tokens: { input: 3, output: 8 } },
    });
    for (const model of ['gpt-5', 'my-model', 'gpt-5-2026-01-01', 'my-model-2026-01-01']) {
      expect(cost(cardOf(table, model), usage)).toBe(28_000);
    }
    expect(cost(cardOf(table, 'gpt-5-2025-08-07'), usage)).toBe(38_000);
    expect(table.find('gpt-5-mini')).toEqual(tableOf().find('gpt-5-mini'));
    expect(table.find('My-model')).toBeUndefined();
  });

  it('A price at "ft:base" is that of every model tuned from it', () => {
    const table = tableOf({
      'ft:gpt-9-2027-01-01': mine,
      'ft:gpt-9-2027-01-01:acme::2': { tokens: { input: 3, output: 8 } },
    });
    expect(cost(cardOf(table, 'ft:gpt-9-2027-01-01:acme::1'), usage)).toBe(28_000);
    expect(cost(cardOf(table, 'ft:gpt-9-2027-01-01:acme::2'), usage)).toBe(38_000);
    expect(table.find('gpt-9-2027-01-01')).toBeUndefined();
  });

  it('Kinds of tokens that a price does not name cost as much as plain input and output', () => {
    const card = cardOf(tableOf({ m: mine }), 'm');
    const kinds = {
      cachedInputTokens: 20,
      cacheWriteTokens: 20,
      inputAudioTokens: 30,
      inputImageTokens: 30,
    };
    expect(cost(card, { inputTokens: 100, ...kinds })).toBe(200_000);
    expect(cost(card, { outputTokens: 100, outputAudioTokens: 50, outputImageTokens: 50 })).toBe(
      800_000,
    );
  });

  it('Each kind of token has its own price', () => {
    const tokens = {
      input: 1,
      cached: 2,
      cacheWrite: 3,
      cacheWriteLong: 4,
      inputImage: 5,
      inputAudio: 6,
      output: 7,
      outputImage: 8,
      outputAudio: 9,
    };
    const card = cardOf(tableOf({ m: { tokens, perRequest: 0.001 } }), 'm');
    expect(
      cost(card, {
        inputTokens: 60,
        cachedInputTokens: 10,
        cacheWriteTokens: 20,
        cacheWriteLongTokens: 10,
        inputImageTokens: 10,
        inputAudioTokens: 10,
        outputTokens: 30,
        outputImageTokens: 10,
        outputAudioTokens: 10,
      }),
    ).toBe((10 + 20 + 30 + 40 + 50 + 60 + 70 + 80 + 90) * 1_000 + 1_000_000);
  });

  it('Cached audio that costs more than audio raises the price of audio', () => {
    const card = cardOf(
      tableOf({ m: { tokens: { ...mine.tokens, inputAudio: 3, cachedAudio: 4 } } }),
      'm',
    );
    expect(cost(card, { inputTokens: 10, inputAudioTokens: 10 })).toBe(40_000);
  });

  it('A long-context price applies to the whole request above its input length', () => {
    const long = { aboveInputTokens: 100, input: 4, output: 12 };
    const card = cardOf(tableOf({ m: { tokens: { ...mine.tokens, long } } }), 'm');
    expect(cost(card, { inputTokens: 100 })).toBe(200_000);
    expect(cost(card, { inputTokens: 101 })).toBe(404_000);
    expect(upperBoundNanoUsd(card, { inputTokens: 101, outputTokens: 1, audio: false })).toBe(
      416_000,
    );
  });

  it('A tier costs its own prices, or a factor on the standard ones', () => {
    const tiers = { priority: { input: 3, output: 9 }, flex: 0.5 };
    const card = cardOf(tableOf({ m: { ...mine, tiers } }), 'm');
    expect(cost(card, usage, 'fast')).toBe(39_000);
    expect(cost(card, usage, 'priority')).toBe(39_000);
    expect(cost(card, usage, 'flex')).toBe(14_000);
    expect(cost(card, usage, 'on_demand')).toBe(39_000);
    expect(hasTier(card, 'ultrafast')).toBe(false);
  });

  it('A price without tiers is the price of whatever tier an answer names', () => {
    const card = cardOf(
      tableOf({ 'llama-3.3-70b-versatile': { tokens: { input: 0.59, output: 0.79 } } }),
      'llama-3.3-70b-versatile',
    );
    for (const tier of ['on_demand', 'provisioned', 'standard', 'auto', '', 'priority']) {
      expect(cost(card, { inputTokens: 1_000_000 }, tier)).toBe(590_000_000);
    }
  });

  it('A price like another copies its rates and tiers, times a factor', () => {
    const table = tableOf({
      'my-deployment': { like: 'gpt-5-mini', factor: 1.1 },
      second: { like: 'my-deployment' },
      'gpt-4o': { like: 'gpt-4o', factor: 1.1 },
    });
    const million = { inputTokens: 1_000_000, outputTokens: 100_000 };
    for (const model of ['my-deployment', 'second']) {
      expect(cost(cardOf(table, model), million)).toBe(495_000_000);
      expect(cost(cardOf(table, model), million, 'priority')).toBe(891_000_000);
    }
    // A name that is like itself means the built-in price, as for a region.
    for (const model of ['gpt-4o', 'gpt-4o-2024-11-20']) {
      expect(cost(cardOf(table, model), million)).toBe(3_850_000_000);
    }
  });

  it('A price counts from its first day to its last, and after it the dearer of it and the built-in one', () => {
    const prices = {
      'gpt-4o': { tokens: { input: 1, output: 20 }, from: '2026-02-01', until: '2026-02-03' },
    };
    const costs = ['2026-01-31', '2026-02-01', '2026-02-03', '2026-02-04'].map((day) => {
      const card = cardOf(tableOf(prices, day), 'gpt-4o');
      return [cost(card, { inputTokens: 1_000 }), cost(card, { outputTokens: 1_000 })];
    });
    expect(costs).toEqual([
      [2_500_000, 10_000_000],
      [1_000_000, 20_000_000],
      [1_000_000, 20_000_000],
      [2_500_000, 20_000_000],
    ]);
  });
});

describe('A price that is not plausible', () => {
  const refused = (prices: unknown) => () => tableOf(prices as ModelPrices);

  it.each([
    ['given per token', { tokens: { input: 0.000_002, output: 8 } }, 'tokens.input'],
    ['negative', { tokens: { input: -1, output: 8 } }, 'tokens.input'],
    ['not a number', { tokens: { input: '2', output: 8 } }, 'tokens.input'],
    ['absurdly high', { tokens: { input: 2_000_000, output: 8 } }, 'tokens.input'],
    [
      'per token in a tier',
      { ...mine, tiers: { fast: { input: 1, output: 0.000_001 } } },
      'tiers.fast.output',
    ],
    ['a negative factor', { ...mine, tiers: { flex: -1 } }, 'tiers.flex'],
    ['of a tier with two names', { ...mine, tiers: { fast: 2, priority: 2 } }, 'tiers'],
    ['of the standard tier apart', { ...mine, tiers: { default: 2 } }, 'tiers'],
    ['without tokens', { perRequest: 1 }, 'tokens'],
    ['until no day', { ...mine, until: 'soon' }, 'until'],
    ['like a model without a price', { like: 'gpt-99' }, 'like'],
    ['like itself, without a built-in price', { like: 'm' }, 'like'],
    ['like another, and has tokens too', { like: 'gpt-5', ...mine }, undefined],
    ['of an unknown field', { ...mine, inputPrice: 1 }, undefined],
  ])('A price that is %s throws a TypeError that names the field', (_, price, field) => {
    expect(refused({ m: price })).toThrow(TypeError);
    expect(refused({ m: price })).toThrow(`"prices.m${field === undefined ? '' : `.${field}`}"`);
  });

  it('Prices that are like each other in a circle throw a TypeError', () => {
    const circle = { a: { like: 'b' }, b: { like: 'c' }, c: { like: 'a' } };
    expect(refused(circle)).toThrow('"prices.a.like": is a circle');
    expect(refused({ 'gpt-5': { like: 'gpt-5-2025-08-07' } })).toThrow('is a circle');
  });
});
