import type { RollingRule } from '../ledger.ts';
import { BUCKETS_FROM, type Counter, numberAt, type Row, saturate } from './counter.ts';

const BUCKETS_PER_WINDOW = 24;
/** Above any bucket of a window of 24 ms or more, so that a counter's place and a bucket fit one number. */
const BUCKETS_MAX = 2 ** 43;

/**
 * Keeps only the buckets in which something was used, as pairs (name, amount) behind all counters of
 * the row. 24 full buckets and the running one count, so any window is covered whole.
 */
export class RollingCounter implements Counter {
  readonly width = 1;
  readonly heldAt = 0;
  readonly rule: RollingRule;
  readonly capacity: number;
  readonly #windowMs: number;

  constructor(rule: RollingRule) {
    this.rule = rule;
    this.capacity = rule.amount;
    this.#windowMs = rule.windowMs;
  }

  used(row: Row, at: number, nowMs: number): number {
    const newest = nameOf(at, this.open(row, at, nowMs));
    let used = 0;
    for (let index = numberAt(row, BUCKETS_FROM); index < row.length; index += 2) {
      if (counts(numberAt(row, index), newest)) used += numberAt(row, index + 1);
    }
    return used;
  }

  open(_row: Row, _at: number, nowMs: number): number {
    return Math.floor((nowMs * BUCKETS_PER_WINDOW) / this.#windowMs);
  }

  add(row: Row, at: number, bucket: number, amount: number, nowMs: number): Row {
    const newest = nameOf(at, this.open(row, at, nowMs));
    const name = nameOf(at, bucket);
    if (!counts(name, newest) || amount === 0) return row;
    const index = placeFor(row, name, newest);
    if (index < 0) return row.concat([name, amount]);
    const before = row[index] === name ? numberAt(row, index + 1) : 0;
    row[index] = name;
    row[index + 1] = saturate(before + amount);
    return row;
  }

  forgive(row: Row, at: number, nowMs: number): void {
    if (this.used(row, at, nowMs) <= 0) return;
    const newest = nameOf(at, this.open(row, at, nowMs));
    for (let index = numberAt(row, BUCKETS_FROM); index < row.length; index += 2) {
      if (counts(numberAt(row, index), newest)) row[index + 1] = 0;
    }
  }

  fallsToAtMs(row: Row, at: number, target: number, nowMs: number): number | undefined {
    const newest = nameOf(at, this.open(row, at, nowMs));
    let used = this.used(row, at, nowMs);
    let index = oldestAfter(row, newest - BUCKETS_PER_WINDOW - 1, newest);
    while (index >= 0) {
      const name = numberAt(row, index);
      used -= numberAt(row, index + 1);
      if (used <= target) return this.#endMsOf(name - nameOf(at, 0));
      index = oldestAfter(row, name, newest);
    }
    return undefined;
  }

  idleFromMs(row: Row, at: number, nowMs: number): number {
    return this.#endMsOf(this.open(row, at, nowMs));
  }

  /** When a bucket first lies wholly outside the window: the first millisecond of the 25th after it. */
  #endMsOf(bucket: number): number {
    return Math.ceil(((bucket + BUCKETS_PER_WINDOW + 1) * this.#windowMs) / BUCKETS_PER_WINDOW);
  }
}

export function nameOf(at: number, bucket: number): number {
  return at * BUCKETS_MAX + bucket;
}

function counts(name: number, newest: number): boolean {
  return name >= newest - BUCKETS_PER_WINDOW && name <= newest;
}

/** The bucket of that name, else one of the same counter that no longer counts; -1 without either. */
function placeFor(row: Row, name: number, newest: number): number {
  const first = Math.floor(newest / BUCKETS_MAX) * BUCKETS_MAX;
  let place = -1;
  for (let index = numberAt(row, BUCKETS_FROM); index < row.length; index += 2) {
    const candidate = numberAt(row, index);
    if (candidate === name) return index;
    if (candidate >= first && candidate < newest - BUCKETS_PER_WINDOW) place = index;
  }
  return place;
}

function oldestAfter(row: Row, after: number, newest: number): number {
  let oldest = -1;
  for (let index = numberAt(row, BUCKETS_FROM); index < row.length; index += 2) {
    const name = numberAt(row, index);
    const isNext = name > after && name <= newest;
    if (isNext && (oldest < 0 || name < numberAt(row, oldest))) oldest = index;
  }
  return oldest;
}
