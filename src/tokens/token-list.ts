import { hash } from 'node:crypto';
import { type Page, type PageSpec, pageOfRecords, parsePage } from '../accounts/page.ts';
import { parseUserId, type UserId } from '../core/user.ts';
import type { Records } from '../ledger/records.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';
import { isCurrent } from './current-token.ts';
import type { StoredToken } from './token-form.ts';
import type { TokenParts } from './token-verifier.ts';

/** A user token that is valid now. Its value is not stored. */
export interface ListedToken {
  /** Identifies the token, for `tokens.revoke`. */
  readonly id: string;
  /** When it was issued first, Unix ms; `undefined` for one of an earlier version. */
  readonly issuedAtMs: number | undefined;
  /** When it expires, Unix ms; of a token that was refreshed, when the last one does. */
  readonly expiresAtMs: number;
  /** Models that it allows; `undefined`: all of the plan. */
  readonly models: readonly string[] | undefined;
  /** Endpoints that it allows; `undefined`: all of the plan. */
  readonly endpoints: readonly string[] | undefined;
  /** Limits of this token alone. */
  readonly limits: readonly LimitSpec[];
  /** It allows one call. It is listed until it expires, whether it was used or not. */
  readonly singleUse: boolean;
}

const PREFIX = 'token-of:';

const prefixOf = (userId: string): string => `${PREFIX}${hash('sha256', userId, 'base64url')}:`;

/** Notes a token for the list of its user. All tokens of a family are one entry, the last one. */
export async function noteToken(records: Records, id: string, token: StoredToken): Promise<void> {
  const { expiresAtMs, family, lifetimeEndsAtMs } = token;
  // A single use of a family ends before the family does.
  if (family !== undefined && lifetimeEndsAtMs === undefined) return;
  const key = prefixOf(token.user.id) + (family ?? id);
  await records.put(key, JSON.stringify({ ...token, family: family ?? id }), { expiresAtMs });
}

/** Takes a token, or a family, from the list of its user. */
export async function unlistToken(records: Records, id: string, userId: string): Promise<void> {
  await records.delete(prefixOf(userId) + id);
}

/** See `Tokens.list`. */
export async function listTokens(
  userId: UserId,
  page: PageSpec | undefined,
  { records, states, clock }: Pick<TokenParts, 'records' | 'states' | 'clock'>,
): Promise<Page<ListedToken>> {
  const id = parseUserId(userId, 'tokens.list');
  const asked = parsePage(page, 'tokens.list');
  const state = await states.get(id);
  const prefix = prefixOf(id);
  return pageOfRecords(records, prefix, asked, ({ key, value }) => {
    const token = JSON.parse(value) as StoredToken;
    const isValid = token.expiresAtMs > clock.nowMs() && isCurrent(token, state);
    return isValid ? listed(key.slice(prefix.length), token) : undefined;
  });
}

const listed = (id: string, token: StoredToken): ListedToken => ({
  id,
  issuedAtMs: token.issuedAtMs,
  expiresAtMs: token.expiresAtMs,
  models: token.models,
  endpoints: token.endpoints,
  limits: token.limits ?? [],
  singleUse: token.singleUse ?? false,
});
