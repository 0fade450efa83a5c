import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { parseDurationMs } from '../base/duration.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { parseUser, type User, userShape } from '../core/user.ts';
import type { Records } from '../ledger/records.ts';
import type { LimitSpec } from '../plans/limit.ts';
import { storableLimits } from '../plans/parse-limits.ts';
import { revokeFamily, type UserStates } from '../users/user-states.ts';
import type { Mint } from './mint-token.ts';
import { type StoredToken, TOKEN_RECORD_PREFIX } from './token-form.ts';

export interface TokenRequest {
  /** Whom the token speaks for; server code's word, never a client's. */
  readonly user: string | User;
  /** Becomes `user.plan`; what it is worth, `planOf` decides at each call. */
  readonly plan?: string;
  /** How long it lives (`'15m'`, `'24h'`); default `tokens.ttl`, cut to `tokens.ttlMax`. */
  readonly ttl?: string;
  /** Limits of this token alone, besides those of its user. */
  readonly limits?: readonly LimitSpec[];
  /** Models it may use (`'gpt-5-mini'`, `'gpt-5*'`), of those that the plan allows; default all of them. */
  readonly models?: readonly string[];
  /** Endpoints it may use (`'chat.completions'` …), of those that the plan allows; default all. */
  readonly endpoints?: readonly string[];
  /** Good for exactly one call that reaches OpenAI. */
  readonly singleUse?: boolean;
}

/** What the app gets; the shape of OpenAI's own client secrets, so that an app can treat both alike. */
export interface IssuedToken {
  /** Names the token without being worth anything: safe to store and to log. */
  readonly id: string;
  /** The credential itself; shown once, stored nowhere. */
  readonly value: string;
  /** Unix seconds. */
  readonly expires_at: number;
}

export interface Tokens {
  /** Makes a temporary key for one user. `TypeError` for a field that is wrong or unknown. */
  issue(request: TokenRequest): Promise<IssuedToken>;
  /** Ends one token by its id, and those that it was refreshed to, in every process within 1 s; false
   * when there was none. May be repeated. */
  revoke(id: string): Promise<boolean>;
  /** Ends every token issued so far to this user, in every process within 1 s. May be repeated. */
  revokeAll(userId: string): Promise<void>;
}

export interface TokenSettings {
  readonly ttlMs: number;
  readonly ttlMsMax: number;
}

const requestShape = z.strictObject({
  user: z.union([z.string(), userShape]),
  plan: z.string().min(1).optional(),
  ttl: z.string().optional(),
  limits: z.array(z.unknown()).optional(),
  models: z.array(z.string().min(1)).optional(),
  endpoints: z.array(z.string().min(1)).optional(),
  singleUse: z.boolean().optional(),
});

/** Issues and ends tokens. */
export function createTokens(
  mint: Mint,
  records: Records,
  states: UserStates,
  clock: Clock,
  settings: TokenSettings,
): Tokens {
  return {
    async issue(request) {
      const { user, ttl, plan, ...scope } = parseOrThrow(requestShape, request, 'tokens.issue');
      if (scope.limits) storableLimits(scope.limits, 'tokens.issue.limits');
      const owner = parseUser(plan === undefined ? user : { ...parseUser(user), plan });
      const ttlMs = ttl === undefined ? settings.ttlMs : parseDurationMs(ttl, 'tokens.issue.ttl');
      const expiresAtMs = clock.nowMs() + Math.min(ttlMs, settings.ttlMsMax);
      const { generation } = await states.get(owner.id);
      const stored = { user: owner, expiresAtMs, generation, ...scope } as StoredToken;
      return { ...(await mint(stored)), expires_at: Math.floor(expiresAtMs / 1000) };
    },
    async revoke(id) {
      const record = await records.get(TOKEN_RECORD_PREFIX + id);
      if (record === undefined) return false;
      const { user, lifetimeEndsAtMs } = JSON.parse(record.value) as StoredToken;
      if (lifetimeEndsAtMs !== undefined) {
        const revoked = { family: id, untilMs: lifetimeEndsAtMs };
        await states.update(user.id, (state) => revokeFamily(state, revoked, clock.nowMs()));
      }
      return records.delete(TOKEN_RECORD_PREFIX + id);
    },
    async revokeAll(userId) {
      const { id } = parseUser(userId);
      await states.update(id, (state) => ({ ...state, generation: state.generation + 1 }));
    },
  };
}
