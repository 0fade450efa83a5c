import { calcPrice, findProvider, type MatchLogic } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { cardOf, cost, tableOf } from './tables.ts';

const table = tableOf();

describe('The name of a model', () => {
  it.each([
    // Parts of names that the price library would take.
    'gpt-5-nano-pro',
    'computer-use-of-mine',
    'gpt-4.5-preview-2',
    'gpt-3.5-turbo-instruct-x',
    'gpt-4o-realtime-of-mine',
    'my-moderation',
    'ft:gpt-4-0613:acme::1',
    'ft:gpt-3.5-turbo-9999:acme::1',
    // Another case, another ending, no model.
    'GPT-5-mini',
    'Gpt-4o',
    'gpt-5-mini ',
    'gpt-5-mini-latest',
    'gpt-5-mini-pro',
    'gpt-5-mini-20250807',
    'gpt-5-mini-2025-08-07-x',
    'openai/gpt-5-mini',
    'ft:gpt-5-mini-2025-08-07:acme::1',
    'ft:gpt-5-mini',
    // Charged by something other than these tokens.
    'whisper-1',
    'gpt-transcribe',
    'gpt-image-1',
    'omni-moderation-latest',
    'gpt-9',
    '',
    '__proto__',
    'toString',
  ])('The name "%s" is not guessed from another name, so it has no price', (model) => {
    expect(table.find(model)).toBeUndefined();
    expect(table.find(model)).toBeUndefined();
  });

  it('A dated name that the library has an own price for never costs what another snapshot does', () => {
    const models = findProvider({ providerId: 'openai' })?.models ?? [];
    const dated = models
      .flatMap(({ match }) => equalsIn(match))
      .filter((name) => /\d{4}-\d\d-\d\d$/.test(name));
    expect(dated.length).toBeGreaterThan(20);
    for (const model of dated) {
      const theirs = calcPrice({ input_tokens: 1_000, output_tokens: 1_000 }, model, {
        providerId: 'openai',
        timestamp: new Date('2026-11-21'),
      });
      const card = table.find(model);
      if (card === undefined) continue;
      const usd = cost(card, { inputTokens: 1_000, outputTokens: 1_000 }) / 1e9;
      expect([model, usd.toFixed(9)]).toEqual([model, theirs?.total_price.toFixed(9)]);
    }
  });

  it('A date that no table knows is the price of the name without it', () => {
    for (const model of ['gpt-5-mini', 'o1', 'gpt-5.2-pro', 'gpt-audio']) {
      expect(table.find(`${model}-2027-01-31`)).toEqual(table.find(model));
    }
  });

  it('A fine-tuned model costs what its own table says, never what its base does', () => {
    const usage = { inputTokens: 1_000_000 };
    expect(cost(cardOf(table, 'ft:gpt-4.1-mini-2025-04-14:acme:name:id'), usage)).toBe(0.8e9);
    expect(cost(cardOf(table, 'gpt-4.1-mini-2025-04-14'), usage)).toBe(0.4e9);
  });
});

function equalsIn(match: MatchLogic): string[] {
  if ('or' in match) return match.or.flatMap(equalsIn);
  return 'equals' in match ? [match.equals] : [];
}
