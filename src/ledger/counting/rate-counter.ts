import type { RateRule, Rule } from '../ledger.ts';
import { Counter, type Numbers, numberAt, saturate } from './counter.ts';

/** Whether a release with `keepsRates` leaves taken what this rule took. */
export const keepsRequests = ({ kind, unit }: Rule): boolean =>
  kind === 'rate' && unit === 'requests';

const DEBT = 0;
const AS_OF_MS = 1;

/**
 * GCRA by two numbers: what the bucket lacks (its debt), and the time of that. A theoretical arrival
 * time would need only one number, but today's milliseconds leave too few digits of a double for
 * nano-USD.
 */
export class RateCounter extends Counter<RateRule> {
  readonly #amount: number;
  readonly #periodMs: number;

  constructor(rule: RateRule) {
    super(rule, 2, -1, rule.amount === 0 ? 0 : rule.burst);
    this.#amount = rule.amount;
    this.#periodMs = rule.periodMs;
  }

  used(numbers: Numbers, at: number, nowMs: number): number {
    return Math.ceil(this.#debt(numbers, at, nowMs));
  }

  open(): number {
    return 0;
  }

  add(numbers: number[], at: number, _window: number, amount: number, nowMs: number): number[] {
    numbers[at + DEBT] = saturate(Math.max(0, this.#debt(numbers, at, nowMs) + amount));
    numbers[at + AS_OF_MS] = nowMs;
    return numbers;
  }

  forgive(numbers: number[], at: number): void {
    numbers[at + DEBT] = 0;
  }

  fallsToAtMs(numbers: Numbers, at: number, target: number, nowMs: number): number | undefined {
    if (target < 0 || this.#amount === 0) return undefined;
    let fallsAtMs = nowMs + this.#refillMs(this.#debt(numbers, at, nowMs) - target);
    if (fallsAtMs > Number.MAX_SAFE_INTEGER) return undefined;
    // The estimate may be off by a rounding; the result must be the exact millisecond.
    while (this.#debt(numbers, at, fallsAtMs) > target) fallsAtMs += 1;
    while (this.#debt(numbers, at, fallsAtMs - 1) <= target && fallsAtMs > nowMs) fallsAtMs -= 1;
    return fallsAtMs;
  }

  idleFromMs(numbers: Numbers, at: number, nowMs: number): number {
    if (this.#amount === 0) return nowMs + this.#periodMs;
    return nowMs + this.#refillMs(this.#debt(numbers, at, nowMs)) + 1;
  }

  #refillMs(amount: number): number {
    return Math.ceil((amount * this.#periodMs) / this.#amount);
  }

  #debt(numbers: Numbers, at: number, nowMs: number): number {
    const refilled = ((nowMs - numberAt(numbers, at + AS_OF_MS)) * this.#amount) / this.#periodMs;
    return Math.max(numberAt(numbers, at + DEBT) - refilled, 0);
  }
}
