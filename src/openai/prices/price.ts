import type { OwnSearches, ParsedModelPrice } from './model-price.ts';
import { dearestSteps, type RateSteps, scaled, stepsOf } from './rates.ts';
import { canonicalTier } from './service-tiers.ts';

/** A price in whole numbers. Prices can be scaled and compared; a rate card is made of the result. */
export interface Price {
  readonly standard: RateSteps;
  /** By the one name of each tier. */
  readonly tiers: ReadonlyMap<string, RateSteps>;
  readonly usdPerRequest: number;
  readonly searches: OwnSearches | undefined;
  readonly contextTokens: number | undefined;
  readonly hiddenOutput: boolean | undefined;
}

export function priceOf(written: ParsedModelPrice): Price {
  const standard = stepsOf(written.tokens);
  const tiers = Object.entries(written.tiers ?? {}).map(([name, tier]): [string, RateSteps] => [
    canonicalTier(name),
    typeof tier === 'number' ? scaled(standard, tier) : stepsOf(tier),
  ]);
  const { perRequest: usdPerRequest, searches, context, hiddenOutput } = written;
  return {
    standard,
    tiers: new Map(tiers),
    usdPerRequest,
    searches,
    contextTokens: context,
    hiddenOutput,
  };
}

/** A price of the standard tier alone. */
export const standardPrice = (standard: RateSteps): Price => ({
  standard,
  tiers: new Map(),
  usdPerRequest: 0,
  searches: undefined,
  contextTokens: undefined,
  hiddenOutput: undefined,
});

/** What another name of this model costs. Whether it hides output is not known of the other name. */
export const likePrice = (price: Price, factor: number): Price => ({
  ...price,
  standard: scaled(price.standard, factor),
  tiers: new Map([...price.tiers].map(([name, steps]) => [name, scaled(steps, factor)])),
  hiddenOutput: undefined,
});

/** Of two prices of one model, the dearer in every rate. */
export function dearerPrice(a: Price, b: Price): Price {
  const tiers = new Map(a.tiers);
  for (const [name, steps] of b.tiers) {
    const other = tiers.get(name);
    tiers.set(name, other === undefined ? steps : dearestSteps(other, steps));
  }
  return {
    standard: dearestSteps(a.standard, b.standard),
    tiers,
    usdPerRequest: Math.max(a.usdPerRequest, b.usdPerRequest),
    searches: dearerSearches(a.searches, b.searches),
    contextTokens: a.contextTokens,
    hiddenOutput: a.hiddenOutput,
  };
}

/** Of the prices of two models, one of which answers, the dearer in every rate. A tier that one of them
 * lacks has no price, and what only one of them says of itself is not known. */
export function dearestPrice(a: Price, b: Price): Price {
  const dearer = dearerPrice(a, b);
  const tiers = [...dearer.tiers].filter(([name]) => a.tiers.has(name) && b.tiers.has(name));
  const contexts = [a.contextTokens, b.contextTokens].filter((context) => context !== undefined);
  return {
    ...dearer,
    tiers: new Map(tiers),
    contextTokens: contexts.length === 2 ? Math.max(...contexts) : undefined,
    hiddenOutput: a.hiddenOutput === b.hiddenOutput ? a.hiddenOutput : true,
  };
}

function dearerSearches(a: OwnSearches | undefined, b: OwnSearches | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    usdPerCall: Math.max(a.usdPerCall, b.usdPerCall),
    maxPerRequest: Math.max(a.maxPerRequest, b.maxPerRequest),
  };
}
