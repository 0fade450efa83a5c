import { NO_USAGE, type Usage } from '../../../src/core/usage.ts';
import type { ModelPrices } from '../../../src/index.ts';
import { ownPrices, PriceTable } from '../../../src/openai/prices/prices.ts';
import { costNanoUsd, type RateCard } from '../../../src/openai/prices/rate-card.ts';

/** Before the promotion of gpt-5.6-sol ended. */
export const DURING_PROMOTION = '2026-11-21';
export const AFTER_PROMOTION = '2026-11-22';

/** The prices of a day, with those of an operator. */
export function tableOf(prices: ModelPrices = {}, day = DURING_PROMOTION): PriceTable {
  return new PriceTable(ownPrices(prices), new Date(`${day}T12:00:00Z`));
}

export function cardOf(table: PriceTable, model: string): RateCard {
  const card = table.find(model);
  if (card === undefined) throw new Error(`${model} has no price`);
  return card;
}

/** In nano-USD, for a usage that names only some counts. */
export function cost(card: RateCard, usage: Partial<Usage>, tier?: string): number {
  return costNanoUsd(card, { ...NO_USAGE, ...usage }, tier);
}
