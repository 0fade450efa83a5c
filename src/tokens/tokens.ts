import * as z from 'zod';
import type { Page, PageSpec } from '../accounts/page.ts';
import type { DerivedKeys } from '../base/derived-keys.ts';
import { duration, shownDuration } from '../base/duration.ts';
import type { Known } from '../base/known.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
  type TypedOption,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { parseUser, parseUserId, type UserId, type UserSpec } from '../core/user.ts';
import type { GroupKinds } from '../groups/group-kinds.ts';
import type { Records } from '../ledger/records.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { type LimitSpec, limitSpecs, type Per } from '../plans/limit-spec.ts';
import { modelPattern } from '../plans/model-pattern.ts';
import type { NamedPlans } from '../plans/named-plans.ts';
import { parsePassingLimits, storableLimits } from '../plans/parse-limits.ts';
import { revokeFamily } from '../users/user-states.ts';
import { mintToken } from './mint-token.ts';
import {
  isTokenId,
  isUserToken,
  type StoredToken,
  TOKEN_RECORD_PREFIX,
  tokenIdOf,
} from './token-form.ts';
import { type ListedToken, listTokens, unlistToken } from './token-list.ts';
import type { TokenParts } from './token-verifier.ts';

const isEndpoint = (name: string): boolean => endpointNames.some((each) => each === name);
const ENDPOINTS = `must be one of "${endpointNames.join('", "')}"`;

/** The fields in whose types the names of the plans, or the windows of limits, are. */
const namingShape = {
  /** The user that the token identifies, or their id. Take it from your server code, never from a client. */
  user: z.custom<UserId | UserSpec>((value) => value != null, 'must be a user, or the id of one'),
  /** Becomes `user.plan`; a name that is no plan is a `TypeError`. `planOf` still decides at each call what it is
   * worth. */
  plan: z.string().min(1).optional(),
  /** Limits of this token alone, in addition to those of its user. */
  limits: limitSpecs.optional(),
};

const tokenShape = {
  /** How long the token lives (`'15m'`, `'24h'`), at most `tokens.ttlMax`; a longer one is a `TypeError`. Without
   * it, `tokens.ttl`. */
  ttl: duration.optional(),
  /** Models that the token allows (`'gpt-5-mini'`, `'gpt-5*'`), out of those of the plan. Without it, all. */
  models: z.array(modelPattern).readonly().optional(),
  /** Endpoints that the token allows (`'chat.completions'` …), out of those of the plan. Without it, all. */
  endpoints: z.array(z.string().refine(isEndpoint, ENDPOINTS)).readonly().optional(),
  /** Allows exactly one call that reaches OpenAI. */
  singleUse: z.boolean().optional(),
};

type Naming<Option extends keyof typeof namingShape, Type> = TypedOption<
  typeof namingShape,
  Option,
  Type
>;

/** The user of a new token, and its limits. Every field but `user` narrows it. */
export interface TokenRequest<PlanName extends string = string, Window extends string = Per>
  extends RequiredOptions<typeof tokenShape>,
    OptionalOptions<typeof tokenShape>,
    Naming<'user', UserId | UserSpec<PlanName>>,
    Partial<Naming<'plan', PlanName>>,
    Partial<Naming<'limits', readonly LimitSpec<Window>[]>> {}

const tokenRequest = optionsSchema({ ...namingShape, ...tokenShape });

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
export interface Tokens<PlanName extends string = string> {
  /** Issues a token for one user. `TypeError` for a field that is wrong or unknown. */
  issue<Given extends string, Window extends string>(
    request: TokenRequest<Known<PlanName, Given>, Known<Per, Window>>,
  ): Promise<IssuedToken>;
  /** Revokes a token by its id or its value, and the tokens that it was refreshed to, in every process within 1 s.
   * Their running calls are cut, as by a block. Returns false if there was none. May be repeated. `TypeError` for a
   * text that can be neither. */
  revoke(idOrValue: string): Promise<boolean>;
  /** Revokes every token issued so far to this user, in every process within 1 s. Their running calls are
   * cut, as by a block. May be repeated. */
  revokeAll(userId: UserId): Promise<void>;
  /**
   * Returns the user's tokens that are valid now, by pages, in no particular order; never their values. Tokens that were
   * refreshed from one another are one entry, with the scope of the last one. Tokens that a version without this list
   * issued are not listed. `TypeError` for a cursor or a limit that is wrong.
   *
   * @example
   * ```ts
   * const { entries } = await guard.tokens.list('ada');
   * for (const { id } of entries) await guard.tokens.revoke(id);
   * ```
   */
  list(userId: UserId, page?: PageSpec): Promise<Page<ListedToken>>;
}

export interface TokenSettings {
  readonly ttlMs: number;
  readonly ttlMsMax: number;
}

export function createTokens(
  { records, states, keys, clock }: TokenParts,
  settings: TokenSettings,
  plans: Pick<NamedPlans, 'find'>,
  kinds: GroupKinds,
): Tokens {
  return {
    async issue(request) {
      const { user, ttl, plan, ...scope } = parseOrThrow(tokenRequest, request, 'tokens.issue');
      if (scope.limits) storableLimits(scope.limits, 'tokens.issue.limits', parsePassingLimits);
      const given = parseUser(user, 'tokens.issue.user');
      const owner = plan === undefined ? given : { ...given, plan };
      if (owner.plan !== undefined) plans.find(owner.plan, '"tokens.issue.plan" is');
      if (owner.groups) kinds.sorted(owner.groups, '"tokens.issue.user.groups" has');
      if (ttl !== undefined && ttl > settings.ttlMsMax) throw new TypeError(tooLong(settings));
      const issuedAtMs = clock.nowMs();
      const expiresAtMs = issuedAtMs + (ttl ?? settings.ttlMs);
      const { generation } = await states.get(owner.id);
      const stored = { user: owner, issuedAtMs, expiresAtMs, generation, ...scope } as StoredToken;
      const minted = await mintToken(stored, records, keys);
      return { ...minted, expires_at: Math.floor(expiresAtMs / 1000) };
    },
    async revoke(idOrValue) {
      const id = await revokedId(idOrValue, records, keys);
      const record = await records.get(TOKEN_RECORD_PREFIX + id);
      if (record === undefined) return false;
      const { user, lifetimeEndsAtMs } = JSON.parse(record.value) as StoredToken;
      if (lifetimeEndsAtMs !== undefined) {
        const revoked = { family: id, untilMs: lifetimeEndsAtMs };
        await states.update(user.id, (state) => revokeFamily(state, revoked, clock.nowMs()));
      }
      await unlistToken(records, id, user.id);
      return records.delete(TOKEN_RECORD_PREFIX + id);
    },
    list: (userId, page) => listTokens(userId, page, { records, states, clock }),
    async revokeAll(userId) {
      const id = parseUserId(userId, 'tokens.revokeAll');
      await states.update(id, (state) => ({ ...state, generation: state.generation + 1 }));
    },
  };
}

const tooLong = ({ ttlMsMax }: TokenSettings): string =>
  `"tokens.issue.ttl" must be at most "${shownDuration(ttlMsMax)}": for longer ones raise the option "tokens.ttlMax"`;

/** Returns the id of the token, or of the first one of its family. */
async function revokedId(idOrValue: unknown, records: Records, keys: DerivedKeys): Promise<string> {
  const text = typeof idOrValue === 'string' ? idOrValue : '';
  if (isTokenId(text)) return text;
  if (!isUserToken(text)) {
    throw new TypeError(
      '"tokens.revoke" must be the "id" of a token, as "tokens.issue" returned it, or its value (gct_…)',
    );
  }
  const id = tokenIdOf(text, keys);
  const record = await records.get(TOKEN_RECORD_PREFIX + id);
  return (record && (JSON.parse(record.value) as StoredToken).family) ?? id;
}
