import * as z from 'zod';
import { duration } from '../base/duration.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { parseUser, type User, userShape } from '../core/user.ts';
import { limitSpecs } from '../plans/limit-spec.ts';
import { storableLimits } from '../plans/parse-limits.ts';
import { revokeFamily } from '../users/user-states.ts';
import { mintToken } from './mint-token.ts';
import { type StoredToken, TOKEN_RECORD_PREFIX } from './token-form.ts';
import type { TokenParts } from './token-verifier.ts';

const isUserOrId = (value: unknown): boolean =>
  typeof value === 'string' || userShape.safeParse(value).success;

const tokenShape = {
  /** The user that the token identifies. Take it from your server code, never from a client. */
  user: z.custom<string | User>(isUserOrId, 'must be a user, or the id of one'),
  /** Becomes `user.plan`. `planOf` still decides at each call what it is worth. */
  plan: z.string().min(1).optional(),
  /** How long the token lives (`'15m'`, `'24h'`), at most `tokens.ttlMax`. Without it, `tokens.ttl`. */
  ttl: duration.optional(),
  /** Limits of this token alone, in addition to those of its user. */
  limits: limitSpecs.optional(),
  /** Models that the token allows (`'gpt-5-mini'`, `'gpt-5*'`), out of those of the plan. Without it, all. */
  models: z.array(z.string().min(1)).readonly().optional(),
  /** Endpoints that the token allows (`'chat.completions'` …), out of those of the plan. Without it, all. */
  endpoints: z.array(z.string().min(1)).readonly().optional(),
  /** Allows exactly one call that reaches OpenAI. */
  singleUse: z.boolean().optional(),
};

/** The user of a new token, and its limits. Every field but `user` narrows it. */
export interface TokenRequest
  extends RequiredOptions<typeof tokenShape>,
    OptionalOptions<typeof tokenShape> {}

const tokenRequest = optionsSchema(tokenShape);

/** What the app receives. It has the shape of OpenAI's own client secrets, so that an app can treat
 * both alike. */
export interface IssuedToken {
  /** Identifies the token, but is not a credential. It is safe to store and to log. */
  readonly id: string;
  /** The credential itself. It is returned once and not stored. */
  readonly value: string;
  /** When the token expires, Unix seconds. */
  readonly expires_at: number;
}

/** The user tokens of a guard. */
export interface Tokens {
  /** Issues a token for one user. `TypeError` for a field that is wrong or unknown. */
  issue(request: TokenRequest): Promise<IssuedToken>;
  /** Revokes a token by its id, and the tokens that it was refreshed to, in every process within 1 s. Their
   * running calls are cut, as by a block. Returns false if there was none. May be repeated. */
  revoke(id: string): Promise<boolean>;
  /** Revokes every token issued so far to this user, in every process within 1 s. Their running calls are
   * cut, as by a block. May be repeated. */
  revokeAll(userId: string): Promise<void>;
}

export interface TokenSettings {
  readonly ttlMs: number;
  readonly ttlMsMax: number;
}

export function createTokens(
  { records, states, keys, clock }: TokenParts,
  settings: TokenSettings,
): Tokens {
  return {
    async issue(request) {
      const { user, ttl, plan, ...scope } = parseOrThrow(tokenRequest, request, 'tokens.issue');
      if (scope.limits) storableLimits(scope.limits, 'tokens.issue.limits');
      const owner = parseUser(plan === undefined ? user : { ...parseUser(user), plan });
      const expiresAtMs = clock.nowMs() + Math.min(ttl ?? settings.ttlMs, settings.ttlMsMax);
      const { generation } = await states.get(owner.id);
      const stored = { user: owner, expiresAtMs, generation, ...scope } as StoredToken;
      const minted = await mintToken(stored, records, keys);
      return { ...minted, expires_at: Math.floor(expiresAtMs / 1000) };
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
