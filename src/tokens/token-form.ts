import { timingSafeEqual } from 'node:crypto';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';

/** What the store holds about a token, under the keyed hash that identifies it. */
export interface StoredToken {
  readonly user: User;
  readonly expiresAtMs: number;
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
 * How a token is written: `gct_`, 32 random bytes and a seal, in base64url.
 *
 * Tokens are opaque and hold no signed claims. A revocation, a single use and a narrowed limit need the
 * store at each call anyway, the token reveals nothing about its user, and a stolen dump of the store
 * holds only keyed hashes. The seal is a truncated HMAC of the random bytes. It lets the guard reject a
 * flood of forged tokens without a read of the store.
 */

export const TOKEN_RECORD_PREFIX = 'token:';
export const RANDOM_BYTES = 32;
const PREFIX = 'gct_';
const SEAL_BYTES = 16;
/** 48 bytes are 64 base64url characters, without padding. */
const SHAPE = /^gct_[A-Za-z0-9_-]{64}$/;

export function sealToken(random: Uint8Array, keys: DerivedKeys): string {
  return PREFIX + Buffer.concat([random, sealOf(random, keys)]).toString('base64url');
}

/** Whether the text has the prefix of a user token. */
export const isUserToken = (value: string): boolean => value.startsWith(PREFIX);

/** Whether a guard with these keys made the token. Needs no store. */
export function isSealed(value: string, keys: DerivedKeys): boolean {
  if (!SHAPE.test(value)) return false;
  const bytes = Buffer.from(value.slice(PREFIX.length), 'base64url');
  const seal = sealOf(bytes.subarray(0, RANDOM_BYTES), keys);
  return timingSafeEqual(bytes.subarray(RANDOM_BYTES), seal);
}

/** Identifies the token in the store. The value cannot be derived from it. */
export const tokenIdOf = (value: string, keys: DerivedKeys): string =>
  hmac(keys.tokenLookup, value).toString('base64url');

const sealOf = (random: Uint8Array, keys: DerivedKeys): Buffer =>
  hmac(keys.tokenSeal, Buffer.from(random).toString('base64url')).subarray(0, SEAL_BYTES);
