import type { RollingRule } from '../ledger.ts';
import { Counter, type Numbers, numberAt, saturate } from './counter.ts';

const HELD = 0;
const BUCKETS = 1;
const BUCKETS_PER_WINDOW = 24;

/** What is held, then the buckets in which something was used, as pairs of numbers: bucket,
 * amount. 24 full buckets and the running one count, so that any window is covered as a whole. */
export class RollingCounter extends Counter<RollingRule> {
  readonly #windowMs: number;

  constructor(rule: RollingRule) {
    super(rule, 1, HELD);
    this.#windowMs = rule.windowMs;
  }

  used(numbers: Numbers, at: number, nowMs: number): number {
    const newest = this.open(numbers, at, nowMs);
    const end = endOf(numbers, at);
    let used = 0;
    for (let index = at + BUCKETS; index < end; index += 2) {
      if (counts(numberAt(numbers, index), newest)) used += numberAt(numbers, index + 1);
    }
    return used;
  }

  open(_numbers: Numbers, _at: number, nowMs: number): number {
    return Math.floor((nowMs * BUCKETS_PER_WINDOW) / this.#windowMs);
  }

  add(numbers: number[], at: number, bucket: number, amount: number, nowMs: number): number[] {
    const newest = this.open(numbers, at, nowMs);
    if (!counts(bucket, newest) || amount === 0) return numbers;
    const index = placeFor(numbers, at, bucket, newest);
    if (index < 0) return withBucket(numbers, at, bucket, amount);
    const before = numbers[index] === bucket ? numberAt(numbers, index + 1) : 0;
    numbers[index] = bucket;
    numbers[index + 1] = saturate(before + amount);
    return numbers;
  }

  forgive(numbers: number[], at: number, nowMs: number): void {
    if (this.used(numbers, at, nowMs) <= 0) return;
    const end = endOf(numbers, at);
    for (let index = at + BUCKETS; index < end; index += 2) numbers[index + 1] = 0;
  }

  fallsToAtMs(numbers: Numbers, at: number, target: number, nowMs: number): number | undefined {
    const newest = this.open(numbers, at, nowMs);
    let used = this.used(numbers, at, nowMs);
    let index = oldestAfter(numbers, at, newest - BUCKETS_PER_WINDOW - 1, newest);
    while (index >= 0) {
      const bucket = numberAt(numbers, index);
      used -= numberAt(numbers, index + 1);
      if (used <= target) return this.#endMsOf(bucket);
      index = oldestAfter(numbers, at, bucket, newest);
    }
    return undefined;
  }

  idleFromMs(numbers: Numbers, at: number, nowMs: number): number {
    return this.#endMsOf(this.open(numbers, at, nowMs));
  }

  /** Returns when a bucket is outside the window as a whole: the first millisecond of the 25th
   * after it. */
  #endMsOf(bucket: number): number {
    return Math.ceil(((bucket + BUCKETS_PER_WINDOW + 1) * this.#windowMs) / BUCKETS_PER_WINDOW);
  }
}

function endOf(numbers: Numbers, at: number): number {
  return at + numberAt(numbers, at - 1);
}

function counts(bucket: number, newest: number): boolean {
  return bucket >= newest - BUCKETS_PER_WINDOW && bucket <= newest;
}

/** Returns where that bucket is, else one that no longer counts, else -1. */
function placeFor(numbers: Numbers, at: number, bucket: number, newest: number): number {
  const end = endOf(numbers, at);
  let place = -1;
  for (let index = at + BUCKETS; index < end; index += 2) {
    const candidate = numberAt(numbers, index);
    if (candidate === bucket) return index;
    if (candidate < newest - BUCKETS_PER_WINDOW) place = index;
  }
  return place;
}

/** Returns a copy without slack. A push would reserve room for many more. */
function withBucket(numbers: number[], at: number, bucket: number, amount: number): number[] {
  const end = endOf(numbers, at);
  const larger = numbers.slice(0, end).concat([bucket, amount], numbers.slice(end));
  larger[at - 1] = end - at + 2;
  return larger;
}

function oldestAfter(numbers: Numbers, at: number, after: number, newest: number): number {
  const end = endOf(numbers, at);
  let oldest = -1;
  for (let index = at + BUCKETS; index < end; index += 2) {
    const bucket = numberAt(numbers, index);
    const isNext = bucket > after && bucket <= newest;
    if (isNext && (oldest < 0 || bucket < numberAt(numbers, oldest))) oldest = index;
  }
  return oldest;
}
