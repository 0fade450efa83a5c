import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import {
  listedModel,
  listedModels,
  listedPrices,
  type NameMatch,
} from '../../../src/openai/prices/price-list.ts';
import { dialects } from '../../../src/upstream/dialects/dialects.ts';

const providers = Object.values(dialects).flatMap(({ priceProvider }) => priceProvider ?? []);
const instants = [
  '2024-06-01T00:00:00Z',
  '2025-12-02T00:00:00Z',
  '2026-11-29T00:29:59.999Z',
  '2026-11-29T00:30:00Z',
  '2026-11-29T03:00:00Z',
  '2026-11-29T16:30:00Z',
  '2027-01-01T12:00:00Z',
].map((text) => new Date(text));

function namesIn(match: NameMatch): string[] {
  if ('or' in match) return match.or.flatMap(namesIn);
  if ('and' in match) return match.and.flatMap(namesIn);
  return Object.values(match);
}

describe('The price list that comes with the guard', () => {
  it.each(providers)('The price list has every model of %s that the price library has', (id) => {
    const models = findProvider({ providerId: id })?.models.map((model) => model.id);
    expect(listedModels(id).map((model) => model.id)).toEqual(models);
  });

  it.each(providers)(
    'Each name finds the model and the prices of the price library at %s',
    (id) => {
      const names = listedModels(id).flatMap((model) => [model.id, ...namesIn(model.match)]);
      for (const name of [
        'gpt-5-mini',
        'claude-opus-4',
        'x',
        ...names,
        ...names.map((n) => `${n}-x`),
      ]) {
        const found = listedModel(id, name);
        for (const timestamp of instants) {
          const theirs = calcPrice({}, name, { providerId: id, timestamp });
          expect([name, found?.id]).toEqual([name, theirs?.model.id]);
          if (found === undefined) break;
          expect(listedPrices(found, timestamp)).toEqual(plain(theirs?.model_price));
        }
      }
    },
  );
});

/** The library has a class for prices by length. */
const plain = (prices: unknown): unknown => JSON.parse(JSON.stringify(prices));
