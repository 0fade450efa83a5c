import type { CapacityLimit } from './capacity-limits.ts';
import type { LevelsAtStart } from './drift.ts';

/**
 * Where the limits come from. `unknown`: no limit is known, and calls are not limited by one. `given`: only the
 * operator has said one. `learned`: the upstream has shown them. `adaptive`: a rate that refusals have taught.
 * `off`: the capacity is switched off.
 */
export type CapacityMode = 'off' | 'unknown' | 'given' | 'learned' | 'adaptive';

/** One limit of an upstream, and what is left of it. */
export interface LimitLevel {
  /** What it counts. */
  readonly unit: 'requests' | 'tokens';
  /** How many of it in each period. */
  readonly limit: number;
  /** A minute, ten minutes of an adaptive rate, or a day; in ms. */
  readonly periodMs: number;
  /** What all processes had left when a call last left this one, refilled since; `undefined` before. */
  readonly remaining: number | undefined;
}

/** What is known of the capacity of one upstream for one family of models. */
export interface CapacityStatus {
  /** `upstream:family`. */
  readonly id: string;
  /** Where the limits come from. */
  readonly mode: CapacityMode;
  /** The limits that bind. */
  readonly limits: readonly LimitLevel[];
  /** Unix ms; `undefined` if calls may leave now. */
  readonly pausedUntilMs: number | undefined;
  /** Calls of this process whose answer has not begun. */
  readonly onTheWay: number;
  /** How often the ledger was corrected by what the upstream has shown, in all processes. */
  readonly corrections: number;
}

/** Returns what is left of a limit `elapsedMs` after these levels; `undefined` if they do not tell. */
export function remainingOf(
  { key, limit, periodMs }: CapacityLimit,
  levels: LevelsAtStart | undefined,
  elapsedMs: number,
): number | undefined {
  const place = levels?.limits.findIndex((other) => other.key === key) ?? -1;
  const balance = levels?.balances[place];
  if (balance === undefined) return undefined;
  const used = Math.max(0, balance.used - (Math.max(0, elapsedMs) * limit) / periodMs);
  return Math.max(0, Math.floor(limit - used));
}
