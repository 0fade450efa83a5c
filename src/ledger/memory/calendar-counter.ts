import type { CalendarRule, Window } from '../ledger.ts';
import { type Counter, numberAt, type Row, saturate } from './counter.ts';

const START = 0;
const USED = 1;

/**
 * Keeps the start of its window and what was used in it. The window never goes back to an earlier one,
 * whatever a caller's clock or a changed anchor say, since that would forgive what was used.
 */
export class CalendarCounter implements Counter {
  readonly width = 3;
  readonly heldAt = 2;
  readonly rule: CalendarRule;
  readonly capacity: number;
  readonly #first: Window;
  readonly #second: Window;

  constructor(rule: CalendarRule) {
    this.rule = rule;
    this.capacity = rule.amount;
    [this.#first, this.#second] = rule.windows;
  }

  used(row: Row, at: number, nowMs: number): number {
    const isOver = this.#windowAt(nowMs).startMs > numberAt(row, at + START);
    return isOver ? 0 : numberAt(row, at + USED);
  }

  open(row: Row, at: number, nowMs: number): number {
    const { startMs } = this.#windowAt(nowMs);
    const openMs = numberAt(row, at + START);
    if (startMs <= openMs) return openMs;
    row[at + START] = startMs;
    row[at + USED] = 0;
    return startMs;
  }

  add(row: Row, at: number, window: number, amount: number): Row {
    if (numberAt(row, at + START) === window) {
      row[at + USED] = saturate(numberAt(row, at + USED) + amount);
    }
    return row;
  }

  forgive(row: Row, at: number): void {
    row[at + USED] = Math.min(0, numberAt(row, at + USED));
  }

  fallsToAtMs(row: Row, at: number, target: number, nowMs: number): number | undefined {
    const { startMs, endMs } = this.#windowAt(nowMs);
    // A caller whose clock is behind the open window does not know when that ends.
    return target < 0 || startMs < numberAt(row, at + START) ? undefined : endMs;
  }

  idleFromMs(_row: Row, _at: number, nowMs: number): number {
    const { startMs, endMs } = this.#windowAt(nowMs);
    // A window that lies behind our clock is a caller's whose clock was set back: it still runs.
    return endMs > nowMs ? endMs : nowMs + (endMs - startMs);
  }

  #windowAt(nowMs: number): Window {
    return nowMs < this.#first.endMs ? this.#first : this.#second;
  }
}
