import type { Balance, Violation } from '../ledger.ts';
import { type Counter, numberAt, type Row } from './counter.ts';
import type { SubjectKey } from './subjects.ts';

/** What one hold has of one claim. Where it stands is said by its hold, for all shares at once. */
export interface Share {
  readonly key: SubjectKey;
  readonly counter: Counter;
  readonly cost: number;
  /** The counter's own, kept here because every step asks for it. */
  readonly heldAt: number;
  /** The subject's row when it was last looked up, and the place in it. */
  row: Row;
  at: number;
  /** The window that it was taken from. */
  window: number;
}

/** `held`: counts in flight. `charged`: its lease ended, and it was posted at its cost. `freed`: its
 * lease ended, and it was given back. */
export type Phase = 'held' | 'charged' | 'freed';

export function violationsOf(shares: readonly Share[], nowMs: number): readonly Violation[] {
  const violations: Violation[] = [];
  for (let claim = 0; claim < shares.length; claim += 1) {
    const share = shares[claim];
    if (share === undefined || fits(share, nowMs)) continue;
    violations.push({ claim, ...violationIn(share, nowMs) });
  }
  return violations;
}

export function balancesOf(shares: readonly Share[], nowMs: number): readonly Balance[] {
  const balances: Balance[] = [];
  for (const share of shares) balances.push(balanceIn(share, nowMs));
  return balances;
}

/** What a share has put on `used` so far; a rate is charged at once. */
export function chargedOf({ heldAt, cost }: Share, phase: Phase): number {
  const isCharged = phase === 'charged' || (phase === 'held' && heldAt < 0);
  return isCharged ? cost : 0;
}

export function addHeld({ row, at, heldAt }: Share, amount: number): void {
  const index = at + heldAt;
  row[index] = numberAt(row, index) + amount;
}

function fits({ row, at, counter, heldAt, cost }: Share, nowMs: number): boolean {
  const { capacity } = counter;
  if (capacity === 0) return false;
  return cost === 0 || counter.used(row, at, nowMs) + heldIn(row, at, heldAt) + cost <= capacity;
}

function violationIn({ row, at, counter, cost }: Share, nowMs: number): Omit<Violation, 'claim'> {
  const { capacity, heldAt } = counter;
  if (capacity === 0) return { cost, hard: true, fitsAtMs: undefined };
  const room = capacity - heldIn(row, at, heldAt) - cost;
  const hard = counter.used(row, at, nowMs) + cost > capacity;
  return { cost, hard, fitsAtMs: counter.fallsToAtMs(row, at, room, nowMs) };
}

function balanceIn({ row, at, counter, heldAt }: Share, nowMs: number): Balance {
  const { capacity } = counter;
  const used = counter.used(row, at, nowMs);
  const held = heldIn(row, at, heldAt);
  const remaining = capacity - used - held;
  return {
    used,
    held,
    remaining: Math.max(remaining, 0),
    resetsAtMs: capacity === 0 ? undefined : counter.fallsToAtMs(row, at, used - 1, nowMs),
  };
}

function heldIn(row: Row, at: number, heldAt: number): number {
  return heldAt < 0 ? 0 : numberAt(row, at + heldAt);
}
