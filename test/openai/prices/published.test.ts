import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasTier } from '../../../src/openai/prices/rate-card.ts';
import { PAGE } from './page.ts';
import { AFTER_PROMOTION, cardOf, cost, tableOf } from './tables.ts';

const table = tableOf();
const ROWS = PAGE.trim().split('\n');
const TIERS = ['fast', 'flex', 'ultrafast'];
/** Nano-USD of this many tokens at a price in USD per million. */
const nano = (tokens: number, usd: number) => Math.ceil(tokens * usd * 1_000 - 1e-6);

/** Price of each kind of token in a row; a figure that the page lacks is the one of input. */
function figuresOf([input, cached, write, output]: readonly (string | undefined)[]) {
  const or = (figure: string | undefined) => Number(figure === '-' ? input : figure);
  return { input: Number(input), cached: or(cached), write: or(write), output: Number(output) };
}

function expectFigures(model: string, tier: string, inputTokens: number, figures: string[]) {
  const card = cardOf(table, model);
  const { input, cached, write, output } = figuresOf(figures);
  const of = (usage: object) => cost(card, { inputTokens, ...usage }, tier);
  const plain = nano(inputTokens, input);
  expect(of({}), 'input').toBe(plain);
  expect(of({ cachedInputTokens: inputTokens }), 'cached').toBe(nano(inputTokens, cached));
  expect(of({ cacheWriteTokens: inputTokens }), 'written').toBe(nano(inputTokens, write));
  const out = of({ outputTokens: 1_000_000 });
  expect(out, 'output').toBe(nano(1, inputTokens * input + 1_000_000 * output));
}

describe('The price page', () => {
  it.each(ROWS)('Each figure is charged: %s', (row) => {
    const [model = '', tier = '', ...figures] = row.split(' ');
    const short = figures.slice(0, 4);
    expect(hasTier(cardOf(table, model), tier)).toBe(true);
    expectFigures(model, tier, 272_000, short);
    if (figures.length > 4) expectFigures(model, tier, 272_001, figures.slice(4));
  });

  it('A tier that the page does not list for a model has no price', () => {
    for (const model of new Set(ROWS.map((row) => row.split(' ')[0] ?? ''))) {
      const listed = TIERS.filter((tier) =>
        ROWS.some((row) => row.startsWith(`${model} ${tier} `)),
      );
      const priced = TIERS.filter((tier) => hasTier(cardOf(table, model), tier));
      expect([model, priced]).toEqual([model, listed]);
    }
  });

  it('Long context costs at least the standard price in a tier whose page has none for it', () => {
    const usage = { inputTokens: 300_000, outputTokens: 10_000 };
    expect(cost(cardOf(table, 'gpt-5.5-pro'), usage, 'flex')).toBe(20.7e9);
    expect(cost(cardOf(table, 'gpt-5.5'), usage, 'fast')).toBe(4.5e9);
  });

  it('"priority" is "fast", and "default", "standard" and no tier are the standard price', () => {
    const card = cardOf(table, 'gpt-5-mini');
    const usage = { inputTokens: 100_000, outputTokens: 10_000 };
    for (const tier of ['priority', 'fast']) expect(cost(card, usage, tier)).toBe(81_000_000);
    for (const tier of ['default', 'standard', '', undefined]) {
      expect(cost(card, usage, tier)).toBe(45_000_000);
    }
  });

  it('An answer in a tier without a price costs as much as the dearest tier of its model', () => {
    const usage = { inputTokens: 100_000, outputTokens: 10_000 };
    const astra = cardOf(table, 'gpt-6-astra');
    for (const tier of ['scale', 'auto', 'never heard of']) {
      expect(cost(astra, usage, tier)).toBe(cost(astra, usage, 'ultrafast'));
    }
    const gpt4o = cardOf(table, 'gpt-4o');
    expect(cost(gpt4o, usage, 'flex')).toBe(cost(gpt4o, usage, 'fast'));
  });

  it('A price that has ended counts together with the one below it, the dearer of both', () => {
    const usage = { inputTokens: 100_000, outputTokens: 10_000 };
    const after = tableOf({}, AFTER_PROMOTION);
    for (const model of ['gpt-5.6-sol', 'gpt-5.6', 'gpt-5.6-sol-2026-07-09']) {
      expect(cost(cardOf(table, model), usage)).toBe(0.6e9);
      expect(cost(cardOf(after, model), usage)).toBe(0.8e9);
      expect(cost(cardOf(after, model), usage, 'fast')).toBe(1.6e9);
    }
  });

  it('Spoken tokens of audio models cost more than text', () => {
    const usage = {
      inputTokens: 1_000,
      inputAudioTokens: 1_000,
      outputTokens: 100,
      outputAudioTokens: 100,
    };
    const costs = [
      ['gpt-4o-audio-preview', 0.048],
      ['gpt-4o-audio-preview-2024-12-17', 0.048],
      ['gpt-4o-audio-preview-2024-10-01', 0.12],
      ['gpt-4o-mini-audio-preview', 0.012],
      ['gpt-audio', 0.0384],
      ['gpt-audio-mini', 0.012],
    ] as const;
    for (const [model, usd] of costs) {
      expect([model, cost(cardOf(table, model), usage)]).toEqual([model, usd * 1e9]);
    }
  });
});

describe('A model that searches by itself', () => {
  it.each([
    ['gpt-5-search-api', 25],
    ['gpt-5-search-api-2025-10-14', 25],
    ['gpt-4o-search-preview', 25],
    ['gpt-4o-mini-search-preview-2025-03-11', 25],
  ])('%s is marked, with its fee', (model, usdPerThousand) => {
    expect(cardOf(table, model).searches?.nanoUsdPerCall).toBe(usdPerThousand * 1e6);
  });

  it('Other models are not marked', () => {
    for (const model of ['gpt-4o', 'gpt-5', 'gpt-4o-mini']) {
      expect(cardOf(table, model).searches).toBeUndefined();
    }
  });
});

/** Models of the SDK that no page of OpenAI's prices, read 2026-11. A money limit refuses them. */
const WITHOUT_PRICE = new Set([
  'gpt-6.1-terra',
  'gpt-6.2-astra',
  'gpt-6.2-astra-law',
  'gpt-6.2-sol',
  'gpt-6-cyber',
  'gpt-rosalind-research',
  'gpt-6-rosalind',
  // Aliases that move from model to model.
  'gpt-daybreak-blue-latest',
  'gpt-daybreak-red-latest',
]);

describe('The models of the SDK', () => {
  const types = readFileSync('node_modules/openai/resources/shared.d.ts', 'utf8');
  const unions = types.match(/type (?:ChatModel|ResponsesModel) = .*/g) ?? [];
  const names = [...new Set(unions.flatMap((union) => union.match(/(?<=')[\w.-]+(?=')/g) ?? []))];

  it('Each has a price, or stands in the list of those that are known to have none', () => {
    expect(names.length).toBeGreaterThan(90);
    const unpriced = names.filter((name) => table.find(name) === undefined);
    expect(unpriced.sort()).toEqual([...WITHOUT_PRICE].sort());
  });
});
