import { randomFillSync, timingSafeEqual } from 'node:crypto';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';

/** What the store holds about a token, under the keyed hash that identifies it. */
export interface StoredToken {
  readonly user: User;
  readonly expiresAtMs: number;
  /** When the token, or the first one of its family, was issued. */
  readonly issuedAtMs?: number;
  readonly generation: number;
  readonly limits?: readonly LimitSpec[];
  readonly models?: readonly string[];
  readonly endpoints?: readonly string[];
  readonly singleUse?: boolean;
  /** The id of the first token of a chain of refreshes. All tokens of a family count and end together. */
  readonly family?: string;
  /** Until when the token can be refreshed; `undefined`: never. */
  readonly lifetimeEndsAtMs?: number;
}

/*
 * How a token is written: `gct_`, 26 random bytes, when it expires, and a seal, in base64url.
 *
 * Tokens are opaque: what they allow is in the store. A revocation, a single use and a narrowed limit need it at
 * each call anyway, the token reveals nothing about its user, and a stolen dump of the store holds only keyed
 * hashes. The seal is a truncated HMAC of what is before it. It lets the guard reject a flood of forged tokens, and
 * of expired ones, without a read of the store.
 */

export const TOKEN_RECORD_PREFIX = 'token:';
const PREFIX = 'gct_';
const RANDOM_BYTES = 26;
/** Unix ms. */
const EXPIRY_BYTES = 6;
const SEALED_BYTES = RANDOM_BYTES + EXPIRY_BYTES;
const SEAL_BYTES = 16;
/** 48 bytes are 64 base64url characters, without padding. */
const SHAPE = /^gct_[A-Za-z0-9_-]{64}$/;
/** An id is an HMAC-SHA-256. */
const ID_SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** Returns a new token. */
export function newToken(expiresAtMs: number, keys: DerivedKeys): string {
  const sealed = Buffer.alloc(SEALED_BYTES);
  randomFillSync(sealed, 0, RANDOM_BYTES);
  sealed.writeUIntBE(Math.ceil(expiresAtMs), RANDOM_BYTES, EXPIRY_BYTES);
  return PREFIX + Buffer.concat([sealed, sealOf(sealed, keys)]).toString('base64url');
}

/** Whether the text has the prefix of a user token. */
export const isUserToken = (value: string): boolean => value.startsWith(PREFIX);

export const isTokenId = (text: string): boolean => ID_SHAPE.test(text);

/** What a seal proves. Tokens of versions before 0.1 do not say when they expire. */
interface Sealed {
  readonly expiresAtMs: number | undefined;
}

/** Returns what the token itself proves; `undefined` if no guard with these keys made it. Needs no store. */
export function readSeal(value: string, keys: DerivedKeys): Sealed | undefined {
  if (!SHAPE.test(value)) return undefined;
  const bytes = Buffer.from(value.slice(PREFIX.length), 'base64url');
  const sealed = bytes.subarray(0, SEALED_BYTES);
  const seal = bytes.subarray(SEALED_BYTES);
  if (timingSafeEqual(seal, sealOf(sealed, keys))) {
    return { expiresAtMs: sealed.readUIntBE(RANDOM_BYTES, EXPIRY_BYTES) };
  }
  return timingSafeEqual(seal, earlierSealOf(sealed, keys)) ? NO_EXPIRY : undefined;
}

const NO_EXPIRY: Sealed = { expiresAtMs: undefined };

/** Identifies the token in the store. The value cannot be derived from it. */
export const tokenIdOf = (value: string, keys: DerivedKeys): string =>
  hmac(keys.tokenLookup, value).toString('base64url');

const sealOf = (sealed: Buffer, keys: DerivedKeys): Buffer =>
  hmac(keys.tokenSeal, `expires ${sealed.toString('base64url')}`).subarray(0, SEAL_BYTES);

/** Of tokens of 32 random bytes. */
const earlierSealOf = (random: Buffer, keys: DerivedKeys): Buffer =>
  hmac(keys.tokenSeal, random.toString('base64url')).subarray(0, SEAL_BYTES);
