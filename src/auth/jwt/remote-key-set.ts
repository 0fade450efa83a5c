import type { Clock } from '../../base/clock.ts';
import { AuthenticationUnavailableError, UnknownKeyError } from '../../core/errors.ts';
import { fetchJson } from './fetch-json.ts';
import { type KeyHeader, type KeySource, keyLookup, type VerificationKey } from './key-lookup.ts';

/** Below the guard's own 5 s for `auth`, so that the error names the key set and not the hook. */
const FETCH_MS_MAX = 4_000;
const FETCH_INTERVAL_MS = 30_000;
const FRESH_MS_DEFAULT = 600_000;
const DAY_MS = 86_400_000;
/** How long a stale set is used without waiting for the new one. */
const STALE_MS_UNAWAITED = 60_000;

interface Fetched {
  readonly lookup: KeySource;
  readonly ids: ReadonlySet<unknown>;
  readonly atMs: number;
  readonly freshMs: number;
}

/**
 * The keys at a URL. They are fetched when a token first needs one, and then at most once in 30 s,
 * whatever tokens arrive and whether or not the last attempt failed. A forged token therefore cannot
 * cause a fetch of its own.
 *
 * A set is fresh as long as its `cache-control` allows, between 30 s and 24 h, or 10 minutes without
 * the header. A set that cannot be renewed is used for another 24 h. A set without public keys is a
 * failure. Without any set, `keyFor` throws `AuthenticationUnavailableError` within 4 s.
 *
 * A key that is not in the set may be newer than the set, unless the token is older. Until the set may be
 * fetched again, `keyFor` throws `UnknownKeyError` for its id, so that no one is logged out for it.
 */
export class RemoteKeySet implements KeySource {
  readonly #name: URL;
  readonly #locate: (signal: AbortSignal) => URL | Promise<URL>;
  readonly #clock: Clock;
  #fetched: Fetched | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  #failure: unknown;

  /** `name` identifies the set in errors. */
  constructor(name: URL, locate: (signal: AbortSignal) => URL | Promise<URL>, clock: Clock) {
    this.#name = name;
    this.#locate = locate;
    this.#clock = clock;
  }

  async keyFor(header: KeyHeader, issuedAtMs?: number): Promise<VerificationKey | undefined> {
    const before = this.#fetched;
    await this.#freshen();
    const key = await this.#usable()?.lookup.keyFor(header);
    if (key !== undefined) return key;
    await this.#renew();
    const renewed = this.#usable();
    if (renewed !== undefined) {
      const isNewer = renewed !== before || (issuedAtMs ?? Infinity) <= renewed.atMs;
      return this.#keyIn(renewed, header, isNewer);
    }
    throw new AuthenticationUnavailableError(`There are no keys from ${this.#name.href}`, {
      cause: this.#failure,
    });
  }

  async #keyIn(
    { lookup, ids }: Fetched,
    header: KeyHeader,
    isNewer: boolean,
  ): Promise<VerificationKey | undefined> {
    const key = await lookup.keyFor(header);
    const { kid } = header;
    if (key !== undefined || isNewer || kid === undefined || ids.has(kid)) return key;
    const retryAfterMs = Math.max(0, FETCH_INTERVAL_MS - this.#sinceMs(this.#triedAtMs));
    throw new UnknownKeyError(`${this.#name.href} had no such key yet`, retryAfterMs);
  }

  #freshen(): Promise<void> | undefined {
    const staleMs = this.#staleMs();
    if (staleMs < 0) return undefined;
    const renewing = this.#renew();
    return staleMs < STALE_MS_UNAWAITED ? undefined : renewing;
  }

  #usable(): Fetched | undefined {
    return this.#staleMs() < DAY_MS ? this.#fetched : undefined;
  }

  /** Returns how long the set has been stale. Negative while it is fresh. */
  #staleMs(): number {
    if (this.#fetched === undefined) return Number.POSITIVE_INFINITY;
    const { atMs, freshMs } = this.#fetched;
    return this.#sinceMs(atMs) - freshMs;
  }

  /** A clock that was set back must not extend anything. */
  #sinceMs(atMs: number): number {
    const ms = this.#clock.nowMs() - atMs;
    return ms < 0 ? DAY_MS : ms;
  }

  /** Never rejects. */
  #renew(): Promise<void> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#sinceMs(this.#triedAtMs) < FETCH_INTERVAL_MS) return Promise.resolve();
    this.#triedAtMs = this.#clock.nowMs();
    this.#pending = this.#fetch()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    const signal = AbortSignal.timeout(FETCH_MS_MAX);
    const url = await this.#locate(signal);
    const { value, maxAgeMs = FRESH_MS_DEFAULT } = await fetchJson(url, signal);
    const lookup = keyLookup(value);
    if (lookup === undefined) throw new Error(`${url.href} has no public keys`);
    const freshMs = Math.min(Math.max(maxAgeMs, FETCH_INTERVAL_MS), DAY_MS);
    this.#fetched = { lookup, ids: idsOf(value), atMs: this.#clock.nowMs(), freshMs };
  }
}

/** The ids of all keys, those that verify nothing included. */
function idsOf(set: unknown): ReadonlySet<unknown> {
  const { keys } = set as { readonly keys: readonly { readonly kid?: unknown }[] };
  return new Set(keys.map((key) => Object(key).kid));
}
