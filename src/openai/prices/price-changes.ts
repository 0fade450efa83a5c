import { usdOf } from '../../base/money.ts';
import type { PriceChange } from '../../core/events.ts';
import type { PriceTable } from './prices.ts';
import type { RateCard } from './rate-card.ts';
import { type RateStep, type Rates, usdPerMillion } from './rates.ts';

/** A price that rises or falls more than this is more often a slip than a change. */
const LEAP = 4;

/** Returns each rate of these models that two tables price differently. */
export function priceChanges(
  before: PriceTable,
  after: PriceTable,
  models: Iterable<string>,
): PriceChange[] {
  return [...new Set(models)].flatMap((model) => {
    const [old, now] = [usdRates(before.find(model)), usdRates(after.find(model))];
    const rates = [...new Set([...old.keys(), ...now.keys()])];
    return rates
      .map((rate) => ({ model, rate, usdBefore: old.get(rate), usdAfter: now.get(rate) }))
      .filter(({ usdBefore, usdAfter }) => usdBefore !== usdAfter);
  });
}

/** Whether a price rose or fell more than four times. One that is new or gone did neither. */
export function isLeap({ usdBefore, usdAfter }: PriceChange): boolean {
  if (usdBefore === undefined || usdAfter === undefined) return false;
  return usdAfter > usdBefore * LEAP || usdAfter * LEAP < usdBefore;
}

function usdRates(card: RateCard | undefined): ReadonlyMap<string, number> {
  if (card === undefined) return new Map();
  const { standard, tiers, nanoUsdPerRequest, searches } = card;
  const rates = [['standard', standard] as const, ...tiers].flatMap(([tier, { steps }]) =>
    steps.flatMap((step) => stepRates(tier, step)),
  );
  return new Map([
    ...rates,
    ['perRequest', usdOf(nanoUsdPerRequest)],
    ...(searches ? [['searches', usdOf(searches.nanoUsdPerCall)] as const] : []),
  ]);
}

function stepRates(tier: string, { aboveInputTokens, rates }: RateStep): [string, number][] {
  const step = aboveInputTokens === 0 ? tier : `${tier}.above${aboveInputTokens}`;
  return Object.keys(rates).map((kind) => [
    `${step}.${kind}`,
    usdPerMillion(rates[kind as keyof Rates]),
  ]);
}
