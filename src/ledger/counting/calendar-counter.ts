import type { CalendarRule, Window } from '../ledger.ts';
import { Counter, type Numbers, numberAt, saturate } from './counter.ts';

const START = 0;
const USED = 1;
const HELD = 2;

/**
 * Three numbers: the start of the window, what was used in it, and what is held. The window never
 * goes back to an earlier one, because that would forgive usage. A caller's clock or a changed
 * anchor cannot change this.
 */
export class CalendarCounter extends Counter<CalendarRule> {
  readonly #first: Window;
  readonly #second: Window;

  constructor(rule: CalendarRule) {
    super(rule, 3, HELD);
    [this.#first, this.#second] = rule.windows;
  }

  used(numbers: Numbers, at: number, nowMs: number): number {
    const isOver = this.#windowAt(nowMs).startMs > numberAt(numbers, at + START);
    return isOver ? 0 : numberAt(numbers, at + USED);
  }

  open(numbers: number[], at: number, nowMs: number): number {
    const { startMs } = this.#windowAt(nowMs);
    const openMs = numberAt(numbers, at + START);
    if (startMs <= openMs) return openMs;
    numbers[at + START] = startMs;
    numbers[at + USED] = 0;
    return startMs;
  }

  add(numbers: number[], at: number, window: number, amount: number): number[] {
    if (numberAt(numbers, at + START) === window) {
      numbers[at + USED] = saturate(numberAt(numbers, at + USED) + amount);
    }
    return numbers;
  }

  forgive(numbers: number[], at: number): void {
    numbers[at + USED] = Math.min(0, numberAt(numbers, at + USED));
  }

  fallsToAtMs(numbers: Numbers, at: number, target: number, nowMs: number): number | undefined {
    const { startMs, endMs } = this.#windowAt(nowMs);
    // If the caller's clock is behind the open window, its end is not known.
    return target < 0 || startMs < numberAt(numbers, at + START) ? undefined : endMs;
  }

  idleFromMs(_numbers: Numbers, _at: number, nowMs: number): number {
    const { startMs, endMs } = this.#windowAt(nowMs);
    // A window behind our clock is that of a caller whose clock was set back: it still runs.
    return endMs > nowMs ? endMs : nowMs + (endMs - startMs);
  }

  #windowAt(nowMs: number): Window {
    return nowMs < this.#first.endMs ? this.#first : this.#second;
  }
}
