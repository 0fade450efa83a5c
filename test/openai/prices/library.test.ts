import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { cost, tableOf } from './tables.ts';

const DAY = '2026-11-21';
const table = tableOf({}, DAY);
const models = (findProvider({ providerId: 'openai' })?.models ?? []).map(({ id }) => id);
const priced = models.filter((model) => table.find(model) !== undefined);

/** In nano-USD. */
function theirCost(model: string, usage: Parameters<typeof calcPrice>[0]): number {
  const options = { providerId: 'openai', timestamp: new Date(DAY) };
  return (calcPrice(usage, model, options)?.total_price ?? Number.NaN) * 1e9;
}

/** Both lists have them, and the library has no discount or no tuned price to compare. */
const CORRECTED = new Set(['gpt-4o-audio-preview', 'gpt-4o-mini-audio-preview']);

describe('The price library', () => {
  it('Every model in the price data has a positive token price or no price', () => {
    expect(priced.length).toBeGreaterThan(60);
    for (const model of priced) {
      const card = table.find(model);
      if (card === undefined) continue;
      expect(cost(card, { inputTokens: 1_000 }), model).toBeGreaterThan(0);
      if (model.includes('embedding')) continue;
      expect(cost(card, { outputTokens: 1_000 }), model).toBeGreaterThan(0);
    }
  });

  it.each(priced.filter((model) => !model.startsWith('ft:') && !CORRECTED.has(model)))(
    'Text costs what the price data says for %s, at each length',
    (model) => {
      const card = table.find(model);
      if (card === undefined) throw new Error('has no price');
      const writes = !model.includes('embedding');
      for (const input of [1, 999, 271_998, 272_001, 500_000]) {
        const output = writes ? 12_345 : 0;
        const theirs = theirCost(model, {
          input_tokens: input,
          ...(writes && { output_tokens: output }),
        });
        const ours = cost(card, { inputTokens: input, outputTokens: output });
        expect(ours - theirs).toBeGreaterThan(-0.01);
        expect(ours - theirs).toBeLessThan(1.01);
      }
    },
  );
});
