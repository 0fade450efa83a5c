import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { type Denial, type DenialCode, denialCodes, deny } from '../core/denial.ts';

/** Users whose invalid requests are counted at the same time. Beyond it, the quietest is forgotten. */
const USERS_MAX = 10_000;
const MINUTE_MS = 60_000;
const INVALID_STATUS: ReadonlySet<number> = new Set([400, 403, 404, 405, 413, 415]);

/** Whether a denial with this code says that the request is invalid. */
export const countsAsInvalid = (code: DenialCode): boolean =>
  INVALID_STATUS.has(denialCodes[code].status) && code !== 'user_blocked';

interface Minute {
  count: number;
  readonly endsAtMs: number;
}

/**
 * Counts the requests of each user that fail validation, in this process. They reach no limit, because
 * nothing is held for them, but each costs the guard time. A user who sent too many is denied until
 * their minute is over, before another body is read.
 */
export class InvalidRequests {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #minutes = new LRUCache<string, Minute>({ max: USERS_MAX });

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Returns why this user's next request is not looked at; `undefined` if it is. */
  denialFor(userId: string): Denial | undefined {
    if (this.#minutes.size === 0) return undefined;
    const minute = this.#minuteOf(userId);
    if (minute === undefined || minute.count < this.#perMinute) return undefined;
    return deny(
      'too_many_invalid_requests',
      `${this.#perMinute} of your requests in this minute were invalid. Correct them before you try again.`,
      { resetsAtMs: minute.endsAtMs },
    );
  }

  /** Counts a request that was denied with this code, if that says that the request is invalid. */
  count(userId: string, code: DenialCode): void {
    if (!countsAsInvalid(code)) return;
    const minute = this.#minuteOf(userId);
    if (minute !== undefined) minute.count += 1;
    else this.#minutes.set(userId, { count: 1, endsAtMs: this.#clock.nowMs() + MINUTE_MS });
  }

  #minuteOf(userId: string): Minute | undefined {
    const minute = this.#minutes.get(userId);
    if (minute === undefined || this.#clock.nowMs() < minute.endsAtMs) return minute;
    this.#minutes.delete(userId);
    return undefined;
  }
}
