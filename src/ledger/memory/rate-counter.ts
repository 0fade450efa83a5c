import type { RateRule } from '../ledger.ts';
import { type Counter, numberAt, type Row, saturate } from './counter.ts';

const DEBT = 0;
const AS_OF_MS = 1;

/**
 * GCRA by what the bucket lacks (its debt) and as of when. A theoretical arrival time would say the
 * same in one number, but the milliseconds of today leave a double too few digits for nano-USD.
 */
export class RateCounter implements Counter {
  readonly width = 2;
  readonly heldAt = -1;
  readonly rule: RateRule;
  readonly capacity: number;
  readonly #amount: number;
  readonly #periodMs: number;

  constructor(rule: RateRule) {
    this.rule = rule;
    this.capacity = rule.amount === 0 ? 0 : rule.burst;
    this.#amount = rule.amount;
    this.#periodMs = rule.periodMs;
  }

  used(row: Row, at: number, nowMs: number): number {
    return Math.ceil(this.#debt(row, at, nowMs));
  }

  open(): number {
    return 0;
  }

  add(row: Row, at: number, _window: number, amount: number, nowMs: number): Row {
    row[at + DEBT] = saturate(Math.max(0, this.#debt(row, at, nowMs) + amount));
    row[at + AS_OF_MS] = nowMs;
    return row;
  }

  forgive(row: Row, at: number): void {
    row[at + DEBT] = 0;
  }

  fallsToAtMs(row: Row, at: number, target: number, nowMs: number): number | undefined {
    if (target < 0 || this.#amount === 0) return undefined;
    let fallsAtMs = nowMs + this.#refillMs(this.#debt(row, at, nowMs) - target);
    if (fallsAtMs > Number.MAX_SAFE_INTEGER) return undefined;
    // The estimate may be off by a rounding; the answer must be the very millisecond.
    while (this.#debt(row, at, fallsAtMs) > target) fallsAtMs += 1;
    while (this.#debt(row, at, fallsAtMs - 1) <= target && fallsAtMs > nowMs) fallsAtMs -= 1;
    return fallsAtMs;
  }

  idleFromMs(row: Row, at: number, nowMs: number): number {
    if (this.#amount === 0) return nowMs + this.#periodMs;
    return nowMs + this.#refillMs(this.#debt(row, at, nowMs)) + 1;
  }

  #refillMs(amount: number): number {
    return Math.ceil((amount * this.#periodMs) / this.#amount);
  }

  #debt(row: Row, at: number, nowMs: number): number {
    const refilled = ((nowMs - numberAt(row, at + AS_OF_MS)) * this.#amount) / this.#periodMs;
    const debt = numberAt(row, at + DEBT) - refilled;
    return Math.max(debt, 0);
  }
}
