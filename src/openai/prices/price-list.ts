import list from './price-list.json' with { type: 'json' };

/** USD per million tokens, or per thousand calls, by the keys of the list. */
export type ListedPrices = Readonly<Record<string, number | SteppedPrice>>;

interface SteppedPrice {
  readonly base: number;
  readonly tiers: readonly { readonly start: number; readonly price: number }[];
}

/** Which names a model has. Parts of a name are compared without case. */
export type NameMatch =
  | { readonly or: readonly NameMatch[] }
  | { readonly and: readonly NameMatch[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

type Constraint =
  | { readonly type: 'start_date'; readonly start_date: string }
  | { readonly type: 'time_of_date'; readonly start_time: string; readonly end_time: string };

interface DatedPrices {
  readonly constraint?: Constraint;
  readonly prices: ListedPrices;
}

export interface ListedModel {
  readonly id: string;
  readonly match: NameMatch;
  /** Of several, the last whose constraint holds. */
  readonly prices: ListedPrices | readonly DatedPrices[];
}

interface ListedProvider {
  readonly id: string;
  /** Providers whose models it serves, too. */
  readonly fallbacks: readonly string[];
  readonly models: readonly ListedModel[];
}

const providers = new Map(
  (list.providers as readonly unknown[] as readonly ListedProvider[]).map((one) => [one.id, one]),
);

/** The models that a provider lists, without those of its fallbacks. */
export const listedModels = (provider: string): readonly ListedModel[] =>
  providers.get(provider)?.models ?? [];

/** The first model that has this name at a provider, or at its fallbacks. Also found by a part of a name. */
export function listedModel(provider: string, name: string): ListedModel | undefined {
  const lower = name.toLowerCase().trim();
  for (const id of [provider, ...(providers.get(provider)?.fallbacks ?? [])]) {
    const found = listedModels(id).find(({ match }) => isMatch(match, lower));
    if (found !== undefined) return found;
  }
  return undefined;
}

function isMatch(match: NameMatch, lower: string): boolean {
  if ('or' in match) return match.or.some((one) => isMatch(one, lower));
  if ('and' in match) return match.and.every((one) => isMatch(one, lower));
  if ('equals' in match) return lower === match.equals.toLowerCase();
  if ('starts_with' in match) return lower.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return lower.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return lower.includes(match.contains.toLowerCase());
  return new RegExp(match.regex).test(lower);
}

/** The prices of a model at an instant. */
export function listedPrices({ prices }: ListedModel, at: Date): ListedPrices {
  if (!isDated(prices)) return prices;
  const holds = ({ constraint }: DatedPrices) => constraint === undefined || isIn(constraint, at);
  return (prices.findLast(holds) ?? prices[0])?.prices ?? {};
}

const isDated = (prices: ListedModel['prices']): prices is readonly DatedPrices[] =>
  Array.isArray(prices);

function isIn(constraint: Constraint, at: Date): boolean {
  if (constraint.type === 'start_date') return at >= new Date(constraint.start_date);
  const time = at.toISOString().slice(11, 23);
  const [start, end] = [constraint.start_time, constraint.end_time].map(clockTime);
  if (start === undefined || end === undefined) return false;
  return end < start ? time >= start || time < end : time >= start && time < end;
}

/** `00:30:00Z` as `00:30:00`. */
const clockTime = (time: string): string => time.replace(/Z$/, '');
