import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { isPromiseLike, type Soon, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';

export interface LookupSettings {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly deadlineMs: number;
}

/** What the app is asked about each user. */
interface Question<Answer, Value> {
  /** The name of the option, for an error. */
  readonly option: string;
  ask(user: User): Answer | PromiseLike<Answer>;
  /** Throws for an answer that is wrong. */
  read(answer: Answer): Value;
}

const CACHED_USERS_MAX = 50_000;

interface Lookup<Value> {
  readonly askedAtMs: number;
  /** A promise until the look-up has ended. */
  value: Soon<Value>;
  /** The result of the latest look-up that did not fail, and its time. */
  known: KnownValue<Value> | undefined;
}

interface KnownValue<Value> {
  readonly value: Value;
  readonly atMs: number;
}

/**
 * What the app returns at once is used as it is, on every call. If it returns a promise, it is asked once for
 * all calls at the same time, and the result is kept for `ttlMs`. While look-ups fail or are late, the last
 * good result is used for `staleMs`; without one, the next call tries again.
 */
export class UserLookups<Answer, Value> {
  readonly #question: Question<Answer, Value>;
  readonly #settings: LookupSettings;
  readonly #clock: Clock;
  readonly #lookups = new LRUCache<string, Lookup<Value>>({ max: CACHED_USERS_MAX });

  constructor(question: Question<Answer, Value>, settings: LookupSettings, clock: Clock) {
    this.#question = question;
    this.#settings = settings;
    this.#clock = clock;
  }

  of(user: User): Soon<Value> {
    const cached = this.#lookups.get(user.id);
    if (cached !== undefined && cached.askedAtMs + this.#settings.ttlMs > this.#clock.nowMs()) {
      return cached.value;
    }
    const answer = this.#question.ask(user);
    if (isPromiseLike(answer)) return this.#await(user.id, answer);
    return this.#question.read(answer);
  }

  /** The next call of this user, or of any user without an id, asks again. */
  forget(userId: string | undefined): void {
    if (userId === undefined) this.#lookups.clear();
    else this.#lookups.delete(userId);
  }

  #await(userId: string, answer: PromiseLike<Answer>): Promise<Value> {
    const { option } = this.#question;
    const before = this.#lookups.peek(userId)?.known;
    const inTime = Promise.resolve(withHookDeadline(answer, this.#settings.deadlineMs, option));
    const value = inTime.then(
      (given) => this.#learn(lookup, given),
      (error: unknown) => this.#orKnown(lookup, error),
    );
    const lookup: Lookup<Value> = { askedAtMs: this.#clock.nowMs(), value, known: before };
    this.#lookups.set(userId, lookup);
    value.catch(() => {
      if (this.#lookups.peek(userId) === lookup) this.#lookups.delete(userId);
    });
    return value;
  }

  #learn(lookup: Lookup<Value>, answer: Answer): Value {
    try {
      const value = this.#question.read(answer);
      lookup.known = { value, atMs: this.#clock.nowMs() };
      lookup.value = value;
      return value;
    } catch (error) {
      return this.#orKnown(lookup, error);
    }
  }

  #orKnown(lookup: Lookup<Value>, error: unknown): Value {
    const { known } = lookup;
    const isOld = known === undefined || this.#clock.nowMs() - known.atMs >= this.#settings.staleMs;
    if (isOld) throw error;
    lookup.value = known.value;
    return known.value;
  }
}
