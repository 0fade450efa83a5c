import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import type { DerivedKeys } from '../base/derived-keys.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import { RecordCache } from '../ledger/record-cache.ts';
import type { Records } from '../ledger/records.ts';
import { modelList } from '../plans/model-list.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import type { Identity } from '../plans/plan.ts';
import type { UserState, UserStates } from '../users/user-states.ts';
import { isCurrent } from './current-token.ts';
import {
  isUserToken,
  readSeal,
  type StoredToken,
  TOKEN_RECORD_PREFIX,
  tokenIdOf,
} from './token-form.ts';

/** What tokens are made, verified and revoked with. */
export interface TokenParts {
  readonly records: Records;
  readonly states: UserStates;
  readonly keys: DerivedKeys;
  readonly clock: Clock;
}

interface KnownToken {
  readonly identity: Identity;
  readonly stored: StoredToken;
}

const CACHED_TOKENS_MAX = 20_000;
const REFUSED = deny(
  'invalid_credential',
  'The user token is not valid. Ask the app’s backend for a new one.',
);
const EXPIRED = deny(
  'expired_credential',
  'The user token has expired. Ask the app’s backend for a new one.',
);

/** Verifies user tokens. Until its record changes, a cached token costs a hash and no read of the store. */
export class TokenVerifier {
  readonly #parts: TokenParts;
  readonly #tokens: RecordCache<KnownToken>;
  /** The ids of tokens by the SHA-256 of the whole token, so that nothing less than it is found. */
  readonly #ids: LRUCache<string, string>;
  readonly #listeners = new Set<(tokenId: string | undefined) => void>();

  constructor(parts: TokenParts, max = CACHED_TOKENS_MAX) {
    this.#parts = parts;
    this.#ids = new LRUCache({ max });
    this.#tokens = new RecordCache({
      records: parts.records,
      prefix: TOKEN_RECORD_PREFIX,
      max,
      parse: parseToken,
      onChange: (id) => this.#tell(id),
    });
  }

  /** Returns the identity of a token or a denial; `undefined` when the text is not a user token. */
  verify(value: string): Soon<Identity | Denial | undefined> {
    return isUserToken(value) ? after(this.#find(value), identityOf) : undefined;
  }

  /** Returns the record of a token that can be refreshed, or a denial; `undefined` as above. */
  async verifyRefreshable(value: string): Promise<StoredToken | Denial | undefined> {
    if (!isUserToken(value)) return undefined;
    const found = await this.#find(value);
    if (isDenial(found)) return found;
    const { stored } = found;
    return (stored.lifetimeEndsAtMs ?? 0) > this.#parts.clock.nowMs() ? stored : REFUSED;
  }

  /** Returns why a token that was accepted before is not accepted at `nowMs`; `undefined` if it is. */
  async lockedOut(id: string, nowMs: number): Promise<Denial | undefined> {
    const token = this.#tokens.known(id) ?? (await this.#tokens.read(id));
    if (token === undefined) return REFUSED;
    const verdict = verdictOn(token, await this.#parts.states.get(token.identity.user.id), nowMs);
    return isDenial(verdict) ? verdict : undefined;
  }

  /** Calls `listener` with the id of every token that was revoked, in any process, within 1 s. `undefined`
   * means that any token can have been. */
  onChange(listener: (tokenId: string | undefined) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#tokens.close();
  }

  #tell(id: string | undefined): void {
    for (const listener of this.#listeners) listener(id);
  }

  #find(value: string): Soon<KnownToken | Denial> {
    const digest = hash('sha256', value);
    const id = this.#ids.get(digest);
    const token = id === undefined ? undefined : this.#tokens.known(id);
    return token === undefined ? this.#load(value, digest) : this.#judge(token);
  }

  async #load(value: string, digest: string): Promise<KnownToken | Denial> {
    const { keys, clock } = this.#parts;
    const sealed = readSeal(value, keys);
    if (sealed === undefined) return REFUSED;
    // Its record may be gone. It says itself that it has expired.
    if (sealed.expiresAtMs !== undefined && sealed.expiresAtMs <= clock.nowMs()) return EXPIRED;
    const id = tokenIdOf(value, keys);
    const token = await this.#tokens.read(id);
    if (token === undefined) return REFUSED;
    this.#ids.set(digest, id);
    return this.#judge(token);
  }

  #judge(token: KnownToken): Soon<KnownToken | Denial> {
    const { states, clock } = this.#parts;
    const state = states.get(token.identity.user.id);
    return isPromiseLike(state)
      ? state.then((loaded) => verdictOn(token, loaded, clock.nowMs()))
      : verdictOn(token, state, clock.nowMs());
  }
}

function verdictOn(token: KnownToken, state: UserState, nowMs: number): KnownToken | Denial {
  if (token.stored.expiresAtMs <= nowMs) return EXPIRED;
  return isCurrent(token.stored, state) ? token : REFUSED;
}

const identityOf = (found: KnownToken | Denial): Identity | Denial =>
  isDenial(found) ? found : found.identity;

function parseToken(json: string | undefined, id: string): KnownToken | undefined {
  if (json === undefined) return undefined;
  const stored = JSON.parse(json) as StoredToken;
  const { user, expiresAtMs, limits, models, endpoints, singleUse, family } = stored;
  const scope = {
    id: family ?? id,
    ...(models && { models: modelList(models) }),
    ...(endpoints && { endpoints }),
    ...(limits && { limits: parseLimits(limits, 'token.limits') }),
    ...(singleUse && { singleUse }),
  };
  return { identity: { user, scope, expiresAtMs, tokenId: id }, stored };
}
