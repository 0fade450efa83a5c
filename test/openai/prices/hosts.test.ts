import { describe, expect, it } from 'vitest';
import { ownPrices, PriceTable } from '../../../src/openai/prices/prices.ts';
import { dialects } from '../../../src/upstream/dialects/dialects.ts';
import { cost, tableOf } from './tables.ts';

const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000 };
const table = tableOf({}, '2026-11-21');
const priceAt = (model: string, provider: string | undefined) => {
  const card = table.findAt(model, provider);
  return card === undefined ? undefined : cost(card, usage) / 1e9;
};

describe('prices of other hosts', () => {
  it.each([
    ['azure', 'gpt-4o', 12.5],
    ['openrouter', 'openai/gpt-5-mini', 2.25],
    ['groq', 'llama-3.3-70b-versatile', 1.38],
    ['mistral', 'mistral-small-latest', 0.4],
    ['gemini', 'gemini-2.5-flash', 2.8],
  ] as const)('%s has a price for %s', (name, model, usd) => {
    expect(priceAt(model, dialects[name].priceProvider)).toBeCloseTo(usd, 6);
  });

  it('an embedding model of another host has a price', () => {
    const card = table.findAt('mistral-embed', dialects.mistral.priceProvider);
    expect(card && cost(card, { inputTokens: 1_000_000 })).toBeGreaterThan(0);
  });

  it('a price that changes with the hour is the dearest of the day', () => {
    const found = ['T00:00:00Z', 'T08:00:00Z', 'T17:00:00Z'].map((time) => {
      const hourly = new PriceTable(ownPrices({}), new Date(`2026-11-21${time}`));
      const card = hourly.findAt('deepseek-chat', 'deepseek');
      return card && cost(card, usage);
    });
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toBeGreaterThan(1e9);
  });

  it('a name of one host has no price at another', () => {
    expect(priceAt('gpt-5-mini', 'groq')).toBeUndefined();
    expect(priceAt('llama-3.3-70b-versatile', 'openai')).toBeUndefined();
  });

  it('a host without a list has only the prices of the operator', () => {
    const prices = { tiny: { tokens: { input: 1, output: 2 } } };
    expect(priceAt('gpt-5-mini', dialects.vllm.priceProvider)).toBeUndefined();
    const own = tableOf(prices, '2026-11-21').findAt('tiny', dialects.vllm.priceProvider);
    expect(own && cost(own, usage)).toBe(3e9);
  });

  it('the price of the operator goes before the list of every host', () => {
    const prices = { 'mistral-small-latest': { tokens: { input: 9, output: 9 } } };
    const own = tableOf(prices, '2026-11-21').findAt('mistral-small-latest', 'mistral');
    expect(own && cost(own, usage)).toBe(18e9);
  });
});
