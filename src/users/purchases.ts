import { NAMES_MAX } from '../plans/named-plans.ts';
import type { PushedPlan } from '../plans/plan-resolver.ts';

/** One purchase of a user, as the events about it say. */
export interface Purchase {
  /** Unique among the purchases of this user at this provider. */
  readonly id: string;
  /** The plans that it gives. */
  readonly plans: readonly string[];
  /** When the latest event about it happened, Unix ms. */
  readonly asOfMs: number;
  /** When it ends, Unix ms; 0 if it has ended. `undefined`: that event names no end. */
  readonly untilMs?: number | undefined;
  /** It may be without an end. */
  readonly lasts?: boolean | undefined;
  /** The end that an earlier event named. It counts if no later one does, and it does not last. */
  readonly earlierUntilMs?: number | undefined;
  /** The product, where one purchase can move from one product to another. */
  readonly product?: string | undefined;
}

/** The purchases of a user at one provider. */
export interface ProviderPurchases {
  readonly list: readonly Purchase[];
  /** An event before this instant changes nothing, Unix ms. */
  readonly sinceMs: number;
}

/** All purchases of a user, by provider. */
export type Purchases = Readonly<Record<string, ProviderPurchases>>;

/** For each user and provider. Beyond it, the one that ends first is dropped. */
const PURCHASES_MAX = 32;

export const NO_PURCHASES: ProviderPurchases = { list: [], sinceMs: 0 };

export const purchaseIn = ({ list }: ProviderPurchases, id: string): Purchase | undefined =>
  list.find((purchase) => purchase.id === id);

/** Applies what an event says about one purchase. The order in which events arrive does not matter. */
export function withPurchase(all: ProviderPurchases, event: Purchase): ProviderPurchases {
  if (event.asOfMs < all.sinceMs) return all;
  const known = purchaseIn(all, event.id);
  const others = all.list.filter((other) => other !== known);
  return bounded([...others, known === undefined ? event : merged(known, event)], all.sinceMs);
}

function merged(known: Purchase, event: Purchase): Purchase {
  const [older, newer] = event.asOfMs < known.asOfMs ? [event, known] : [known, event];
  const lasts = older.lasts === true || newer.lasts === true;
  const endsOther =
    newer.untilMs === 0 && older.product !== undefined && newer.product !== older.product;
  if (endsOther) return { ...older, lasts };
  const earlierUntilMs = newer.earlierUntilMs ?? older.untilMs ?? older.earlierUntilMs;
  return { ...newer, lasts, earlierUntilMs };
}

function endOf({ untilMs, lasts, earlierUntilMs }: Purchase): number {
  return untilMs ?? (lasts === true ? Number.POSITIVE_INFINITY : (earlierUntilMs ?? 0));
}

/** A late event about a purchase that was dropped must not bring it back. */
function bounded(list: readonly Purchase[], sinceMs: number): ProviderPurchases {
  if (list.length <= PURCHASES_MAX) return { list, sinceMs };
  const first = list.reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
  const rest = list.filter((purchase) => purchase !== first);
  return { list: rest, sinceMs: Math.max(sinceMs, first.asOfMs) };
}

/** Replaces all purchases but those about which a later event is known. */
export function allPurchases(
  all: ProviderPurchases,
  current: readonly Purchase[],
  asOfMs: number,
): ProviderPurchases {
  if (asOfMs < all.sinceMs) return all;
  const later = all.list.filter((known) => known.asOfMs > asOfMs);
  return { list: [...later, ...current].slice(0, PURCHASES_MAX), sinceMs: asOfMs };
}

/**
 * Returns the plan that all purchases give together: each plan until the last purchase of it ends.
 * `planNames`: all plans, in the order of the option `plans`.
 */
export function planOfPurchases(
  purchases: Purchases,
  planNames: readonly string[],
  nowMs: number,
): PushedPlan {
  const providers = Object.values(purchases);
  const all = providers.flatMap(({ list }) => list);
  const ends = new Map<string, number>();
  for (const purchase of all) {
    for (const plan of purchase.plans) {
      ends.set(plan, Math.max(endOf(purchase), ends.get(plan) ?? 0));
    }
  }
  const isActive = (name: string) => (ends.get(name) ?? 0) > nowMs;
  const names = planNames.filter(isActive).slice(0, NAMES_MAX);
  const ending = [...ends].filter(([name, endMs]) => isActive(name) && Number.isFinite(endMs));
  const times = [...all.map(({ asOfMs }) => asOfMs), ...providers.map(({ sinceMs }) => sinceMs)];
  return { names, asOfMs: Math.max(0, ...times), endsMs: Object.fromEntries(ending) };
}
