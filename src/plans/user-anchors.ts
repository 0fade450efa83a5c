import { LRUCache } from 'lru-cache';
import { isPromiseLike, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import { anchorText } from './anchor-text.ts';
import type { AnchorDate, LimitAnchor } from './limit-spec.ts';

const CACHED_USERS_MAX = 50_000;
const TEXT_LENGTH_MAX = 64;

export interface AnchorLookupSettings {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly deadlineMs: number;
}

const DEFAULTS: AnchorLookupSettings = { ttlMs: 60_000, staleMs: 3_600_000, deadlineMs: 5_000 };

/** All look-ups of a guard, so that `users.changed` ends what is cached of a user. */
export class AnchorLookups {
  readonly settings: AnchorLookupSettings;
  readonly #all: UserAnchors[] = [];

  constructor(settings: AnchorLookupSettings = DEFAULTS) {
    this.settings = settings;
  }

  add(anchors: UserAnchors): void {
    this.#all.push(anchors);
  }

  /** The next call of this user, or of any user without an id, looks anchors up again. */
  forget(userId: string | undefined): void {
    for (const anchors of this.#all) anchors.forget(userId);
  }
}

interface Lookup {
  readonly askedAtMs: number;
  /** `undefined` once it has ended well. */
  pending: Promise<void> | undefined;
  /** The result of the latest look-up that did not fail, and its time. */
  known: { readonly text: string | undefined; readonly atMs: number } | undefined;
}

/**
 * The anchors of the users of one limit. What the function of the app returns at once is used as it is, on
 * every call. A promise is awaited before the call is held, and its result is kept, as a plan is.
 */
export class UserAnchors {
  readonly #anchorOf: LimitAnchor;
  readonly #path: string;
  readonly #isGood: (text: string) => boolean;
  readonly #settings: AnchorLookupSettings;
  readonly #lookups = new LRUCache<string, Lookup>({ max: CACHED_USERS_MAX });

  constructor(
    anchorOf: LimitAnchor,
    path: string,
    isGood: (text: string) => boolean,
    lookups: AnchorLookups,
  ) {
    this.#anchorOf = anchorOf;
    this.#path = path;
    this.#isGood = isGood;
    this.#settings = lookups.settings;
    lookups.add(this);
  }

  /** Resolves when the anchor of this user is known; `undefined` if nothing must be waited for. */
  lookUp(user: User, nowMs: number): Promise<void> | undefined {
    const before = this.#lookups.get(user.id);
    if (before !== undefined && nowMs - before.askedAtMs < this.#settings.ttlMs) {
      return before.pending;
    }
    const answer = this.#anchorOf(user);
    if (isPromiseLike(answer)) return this.#await(user.id, answer, before, nowMs);
    if (before !== undefined) this.#lookups.delete(user.id);
    return undefined;
  }

  /** Returns the anchor of this user as a text; `undefined` for the calendar's own start. */
  textFor(user: User): string | undefined {
    const known = this.#lookups.get(user.id)?.known;
    if (known !== undefined) return known.text;
    const answer = this.#anchorOf(user);
    if (!isPromiseLike(answer)) return this.#read(answer);
    Promise.resolve(answer).catch(() => {});
    throw new Error(`"${this.#path}" was not looked up before it was needed`);
  }

  forget(userId: string | undefined): void {
    if (userId === undefined) this.#lookups.clear();
    else this.#lookups.delete(userId);
  }

  #await(
    userId: string,
    answer: PromiseLike<AnchorDate>,
    before: Lookup | undefined,
    nowMs: number,
  ): Promise<void> {
    const { deadlineMs, staleMs } = this.#settings;
    const inTime = Promise.resolve(withHookDeadline(answer, deadlineMs, this.#path));
    const lookup: Lookup = { askedAtMs: nowMs, pending: undefined, known: before?.known };
    const ended = inTime
      .then((date) => {
        lookup.known = { text: this.#read(date), atMs: nowMs };
        lookup.pending = undefined;
      })
      .catch((error: unknown) => {
        const isKnown = lookup.known !== undefined && nowMs - lookup.known.atMs < staleMs;
        // Without a result that may be used, the next call looks it up again.
        if (this.#lookups.peek(userId) === lookup && !isKnown) this.#lookups.delete(userId);
        lookup.pending = undefined;
        if (!isKnown) throw error;
      });
    lookup.pending = ended;
    this.#lookups.set(userId, lookup);
    return ended;
  }

  #read(date: unknown): string | undefined {
    if (date === undefined || date === null) return undefined;
    const text = anchorText(date);
    if (text !== undefined && text.length <= TEXT_LENGTH_MAX && this.#isGood(text)) return text;
    throw new TypeError(
      `"${this.#path}" returned ${shown(date)}: it must return a Date, an ISO date like "2026-01-31", an instant, or undefined`,
    );
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, TEXT_LENGTH_MAX));
  return value instanceof Date ? 'an invalid Date' : `a value of the type ${typeof value}`;
}
