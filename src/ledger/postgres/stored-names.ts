import { createHash } from 'node:crypto';
import type { Claim } from '../ledger.ts';

/** Half of what an index entry of Postgres may hold, if each character takes three bytes. */
const LENGTH_MAX = 400;
const HASH = '#sha256:';
/** Begins the stored name of a shared account, so that SQL can lock these last. */
export const SHARED = '#shared:';
/** Begins the stored name of a credit ("gift" there). No hold is stored under such a name. */
const CREDIT = '#sha256:gift:';

/**
 * Returns the name under which Postgres can store and index any text: the text itself, unless it is
 * long, contains a NUL or half a surrogate pair, or looks like the hash that replaces such a text.
 */
export function storedName(text: string): string {
  return text.length <= LENGTH_MAX && isPlain(text) ? text : hashed(text);
}

export const isHashed = (name: string): boolean => name.startsWith(HASH);

export const storedCredit = (id: string): string => CREDIT + storedName(id);

/** Returns the claims with the stored names of their accounts. Accounts with different scopes have different
 * names, so the order of locks cannot differ from call to call. */
export const storedClaims = (claims: readonly Claim[]): readonly Claim[] =>
  claims.map((claim) => ({
    account: storedAccount(claim),
    scope: claim.scope,
    rule: claim.rule,
  }));

function storedAccount({ account, scope }: Claim): string {
  if (scope === 'shared') return SHARED + storedName(account);
  return account.startsWith(SHARED) ? hashed(account) : storedName(account);
}

const hashed = (text: string): string =>
  HASH + createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');

function isPlain(text: string): boolean {
  return !text.includes('\0') && !text.startsWith(HASH) && text.isWellFormed();
}
