import { LRUCache } from 'lru-cache';
import type { Clock } from '../../base/clock.ts';

const MINUTE_MS = 60_000;
const COUNTS_PER_MINUTE = 10;
/** One that is counted, and eight that wait. */
const USERS_AT_ONCE = 9;
const USERS_REMEMBERED = 10_000;

/**
 * The places for counting. A count is work that a user causes before anything is charged, so each user has
 * one at a time and ten in a minute, and nine users have one at once.
 */
export class CountingPlaces {
  readonly #clock: Clock;
  readonly #users = new Set<string>();
  readonly #counted = new LRUCache<string, { readonly minute: number; readonly counts: number }>({
    max: USERS_REMEMBERED,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what `count` returns; `undefined` where the user has no place. */
  async use<T>(userId: string, count: () => Promise<T>): Promise<T | undefined> {
    if (!this.#admits(userId)) return undefined;
    this.#users.add(userId);
    try {
      return await count();
    } finally {
      this.#users.delete(userId);
    }
  }

  #admits(userId: string): boolean {
    if (this.#users.has(userId) || this.#users.size >= USERS_AT_ONCE) return false;
    const minute = Math.floor(this.#clock.nowMs() / MINUTE_MS);
    const before = this.#counted.get(userId);
    const counts = before?.minute === minute ? before.counts : 0;
    if (counts >= COUNTS_PER_MINUTE) return false;
    this.#counted.set(userId, { minute, counts: counts + 1 });
    return true;
  }
}
