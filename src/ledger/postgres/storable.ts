import { createHash } from 'node:crypto';
import type { Claim } from '../ledger.ts';

/** Half of what an index entry of Postgres may hold, if each character takes three bytes. */
const LENGTH_MAX = 400;
const HASH = '#sha256:';

/**
 * Names any text by one that Postgres can store and index: the text itself, unless it is long, holds
 * a NUL or half a surrogate pair, or looks like the hash that stands for such a text.
 */
export function storable(text: string): string {
  if (text.length <= LENGTH_MAX && isPlain(text)) return text;
  return HASH + createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');
}

/** The same of claims, by which they name their accounts. */
export function storableClaims(claims: readonly Claim[]): readonly Claim[] {
  if (claims.every(({ account }) => storable(account) === account)) return claims;
  return claims.map(({ account, rule }) => ({ account: storable(account), rule }));
}

export const isHashed = (name: string): boolean => name.startsWith(HASH);

function isPlain(text: string): boolean {
  return !text.includes('\0') && !text.startsWith(HASH) && text.isWellFormed();
}
