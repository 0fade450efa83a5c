import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import { ANY_KEY, type Records } from '../ledger/records.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import { modelList } from '../plans/plan.ts';
import type { Identity } from '../plans/scope.ts';
import type { UserState, UserStates } from '../users/user-states.ts';
import { type StoredToken, TOKEN_RECORD_PREFIX, type TokenForm } from './token-form.ts';

type Verdict = Identity | Denial | undefined;

export interface TokenVerifier {
  /** The identity behind a token, a denial, or `undefined` when the text is no token of ours. */
  verify(value: string): Verdict | Promise<Verdict>;
  /** What is stored of a token that may be exchanged for a fresh one, or a denial; `undefined` as above. */
  verifyRefreshable(value: string): Promise<StoredToken | Denial | undefined>;
  close(): void;
}

interface KnownToken {
  readonly identity: Identity;
  readonly stored: StoredToken;
}

const CACHED_TOKENS_MAX = 20_000;
const REFUSED = deny(
  'invalid_credential',
  'The access token is not valid. Ask the app’s backend for a new one.',
);
const EXPIRED = deny(
  'expired_credential',
  'The access token has expired. Ask the app’s backend for a new one.',
);

/** Verifies tokens; one that was seen before costs a hash and no store, until the store says otherwise. */
export function createTokenVerifier(
  records: Records,
  states: UserStates,
  form: TokenForm,
  clock: Clock,
): TokenVerifier {
  const known = new LRUCache<string, KnownToken>({ max: CACHED_TOKENS_MAX });
  // By SHA-256 of the whole token: a part of it, or the token itself, would not do as a key.
  const keyOfId = new LRUCache<string, string>({ max: CACHED_TOKENS_MAX });
  let changes = 0;
  const unwatch = records.watch((key) => {
    if (key !== ANY_KEY && !key.startsWith(TOKEN_RECORD_PREFIX)) return;
    changes += 1;
    if (key === ANY_KEY) return known.clear();
    const cached = keyOfId.get(key.slice(TOKEN_RECORD_PREFIX.length));
    if (cached !== undefined) known.delete(cached);
  });

  const judge = (token: KnownToken, state: UserState): KnownToken | Denial => {
    const { generation, family, expiresAtMs } = token.stored;
    if (expiresAtMs <= clock.nowMs()) return EXPIRED;
    if (state.generation !== generation) return REFUSED;
    const isRevoked = family !== undefined && state.revoked?.some((one) => one.family === family);
    return isRevoked ? REFUSED : token;
  };
  const judgeWithState = (token: KnownToken) => {
    const state = states.get(token.identity.user.id);
    return isPromiseLike(state) ? state.then((s) => judge(token, s)) : judge(token, state);
  };
  const load = async (value: string, key: string): Promise<KnownToken | Denial> => {
    if (!form.isSealed(value)) return REFUSED;
    const id = form.idOf(value);
    const changesBefore = changes;
    const record = await records.get(TOKEN_RECORD_PREFIX + id);
    if (record === undefined) return REFUSED;
    const token = readStoredToken(JSON.parse(record.value) as StoredToken, id);
    // What changed while it was read may have been this token.
    if (changes === changesBefore) {
      known.set(key, token);
      keyOfId.set(id, key);
    }
    return judgeWithState(token);
  };
  const find = (value: string) => {
    const key = hash('sha256', value);
    const token = known.get(key);
    return token === undefined ? load(value, key) : judgeWithState(token);
  };
  return {
    verify(value) {
      if (!form.isOurs(value)) return undefined;
      const found = find(value);
      return isPromiseLike(found) ? found.then(identityOf) : identityOf(found);
    },
    async verifyRefreshable(value) {
      if (!form.isOurs(value)) return undefined;
      const found = await find(value);
      if (isDenial(found)) return found;
      const { stored } = found;
      const isRefreshable = (stored.lifetimeEndsAtMs ?? 0) > clock.nowMs();
      return isRefreshable ? stored : REFUSED;
    },
    close: unwatch,
  };
}

const identityOf = (found: KnownToken | Denial): Identity | Denial =>
  isDenial(found) ? found : found.identity;

function readStoredToken(stored: StoredToken, id: string): KnownToken {
  const { user, expiresAtMs, limits, models, endpoints, singleUse, family } = stored;
  const scope = {
    id: family ?? id,
    ...(models && { models: modelList(models) }),
    ...(endpoints && { endpoints }),
    ...(limits && { limits: parseLimits(limits, 'token.limits') }),
    ...(singleUse && { singleUse }),
  };
  return { identity: { user, scope, expiresAtMs }, stored };
}
