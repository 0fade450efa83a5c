import type { Rule } from '../ledger.ts';

/**
 * All numbers of one subject in one packed array: its layout's id, when it may be forgotten, where its
 * rolling buckets begin, then the numbers of each counter, then the buckets.
 */
export type Row = number[];

export const LAYOUT_ID = 0;
/** The layout of a row that no subject has, or has any more. */
export const NO_LAYOUT = -1;
export const IDLE_FROM_MS = 1;
export const BUCKETS_FROM = 2;
export const COUNTERS_FROM = 3;

/** How one rule counts, in the numbers of a row from `at` on; all zero is never used. */
export interface Counter {
  readonly rule: Rule;
  /** What may be used and held together. */
  readonly capacity: number;
  readonly width: number;
  /** Where, from `at`, is what calls in flight hold; -1 when a hold is charged at once. */
  readonly heldAt: number;
  used(row: Row, at: number, nowMs: number): number;
  /** Rolls on to the window of now and answers its identity, for a later `add`. */
  open(row: Row, at: number, nowMs: number): number;
  /** Adds to what was used in a window, unless that is gone. Answers the row, or the larger copy that
   * takes its place. */
  add(row: Row, at: number, window: number, amount: number, nowMs: number): Row;
  /** Makes `used` at most 0. */
  forgive(row: Row, at: number, nowMs: number): void;
  /** When `used` first falls to `target` by time alone; `undefined` when it never does. */
  fallsToAtMs(row: Row, at: number, target: number, nowMs: number): number | undefined;
  /** From when on nothing that was used until now counts any more. */
  idleFromMs(row: Row, at: number, nowMs: number): number;
}

/** Built around a fraction and cut to size: one block of doubles without slack, of one kind everywhere. */
export function blankRow(width: number): Row {
  return new Array<number>(width).fill(0.5).fill(0);
}

/** Reads a number of a row; what is not there was never used. */
export function numberAt(row: Row, index: number): number {
  return row[index] ?? 0;
}

/** Doubles count exactly up to here; what is above stays there, and so over every limit. */
export function saturate(amount: number): number {
  return Math.min(amount, Number.MAX_SAFE_INTEGER);
}
