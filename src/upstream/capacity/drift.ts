import { randomUUID } from 'node:crypto';
import { amounts } from '../../ledger/amounts.ts';
import type { Balance, Ledger } from '../../ledger/ledger.ts';
import { type CapacityLimit, keyOf, type LearnedLimits } from './capacity-limits.ts';
import { claimOf } from './claim-lists.ts';
import type { SeenLimit } from './limit-headers.ts';

/** By how much the ledger's level of one limit is wrong: below 0 it has counted too much. */
export interface Drift {
  readonly limit: CapacityLimit;
  readonly amount: number;
}

/** What the ledger's levels were when a call left: one balance for each of these limits, in their order. */
export interface LevelsAtStart {
  readonly limits: readonly CapacityLimit[];
  readonly balances: readonly Balance[];
  /** What the same reserve took for calls that left after this one. */
  readonly later: Readonly<Record<CapacityLimit['unit'], number>>;
}

/** Drift below this share of the limit is calls on their way. Of one unit, it is rounding. */
const TOLERATED = 0.01;
const ROUNDED = 1;

/** Whether a drift is more than rounding. */
export const isLarge = ({ limit }: CapacityLimit, amount: number): boolean =>
  Math.abs(amount) > Math.max(limit * TOLERATED, ROUNDED);

/**
 * Returns how much more the upstream counts than the ledger did right after this very call was held, or less. Of a
 * limit that the upstream does not count to, it is only what keeps calls from taking more than is left.
 * `undefined` if the call took nothing of this limit.
 */
export function driftOf(
  { key, unit, limit, isShown }: CapacityLimit,
  remaining: number,
  { limits, balances, later }: LevelsAtStart,
): number | undefined {
  for (let place = 0; place < limits.length; place += 1) {
    const balance = balances[place];
    if (limits[place]?.key !== key || limits[place]?.isPaced || balance === undefined) continue;
    const amount = Math.round(limit - remaining - (balance.used - later[unit]));
    return isShown ? amount : Math.max(0, amount);
  }
  return undefined;
}

/** Returns the drifts that an answer shows, of any size. */
export function driftsOf(
  seen: readonly SeenLimit[],
  known: LearnedLimits,
  binding: readonly CapacityLimit[],
  levels: LevelsAtStart,
): Drift[] {
  return seen.flatMap((reading) => {
    const limit = bindingFor(reading, known, binding);
    const amount = limit && driftOf(limit, reading.remaining, levels);
    return limit !== undefined && amount ? [{ limit, amount }] : [];
  });
}

/** Returns what an upstream counts to limits that no claim has counted to `before`. */
export function firstDrifts(
  seen: readonly SeenLimit[],
  known: LearnedLimits,
  binding: readonly CapacityLimit[],
  before: readonly CapacityLimit[],
): Drift[] {
  return seen.flatMap((reading) => {
    const limit = bindingFor(reading, known, binding);
    const isNew = !before.some(({ key, isPaced }) => key === limit?.key && !isPaced);
    const amount = (limit?.limit ?? 0) - reading.remaining;
    return limit?.isShown === true && isNew && amount > 0 ? [{ limit, amount }] : [];
  });
}

function bindingFor(
  reading: SeenLimit,
  known: LearnedLimits,
  binding: readonly CapacityLimit[],
): CapacityLimit | undefined {
  const key = keyOf(reading, known);
  return binding.find((limit) => limit.key === key && !limit.isPaced);
}

/** What a correction takes stays taken, as an ended lease of a call that was sent does. */
const LEASE = { durationMs: 1_000, dispatched: true };
/**
 * An upstream never counts more than its limit. A correction that leads further is one that another process has
 * made too, while the store was slow: it is denied, and the next answer corrects what is left.
 */
const OWED_MAX = 1.2;

/** Adds what the ledger has missed, or gives back what it has counted too much. */
export async function correct(
  ledger: Pick<Ledger, 'reserve' | 'credit'>,
  account: string,
  { limit, amount }: Drift,
): Promise<void> {
  const id = `capacity-${randomUUID()}`;
  const claims = [claimOf(account, limit, Math.ceil(limit.limit * OWED_MAX))];
  const taken = amounts({ [limit.unit]: Math.abs(amount) });
  if (amount > 0) await ledger.reserve(id, claims, taken, LEASE);
  else await ledger.credit(id, claims, taken);
}
