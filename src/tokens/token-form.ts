import { timingSafeEqual } from 'node:crypto';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from '../plans/limit.ts';

/** What the store knows of a token, below the hash that names it. */
export interface StoredToken {
  readonly user: User;
  readonly expiresAtMs: number;
  readonly generation: number;
  readonly limits?: readonly LimitSpec[];
  readonly models?: readonly string[];
  readonly endpoints?: readonly string[];
  readonly singleUse?: boolean;
  /** The first of those that came one from another by refreshing; they count and end together. */
  readonly family?: string;
  /** Until when it can be exchanged for a fresh one; `undefined`: never. */
  readonly lifetimeEndsAtMs?: number;
}

export const TOKEN_RECORD_PREFIX = 'token:';
export const RANDOM_BYTES = 32;

/**
 * How a token is written: `gct_`, 32 random bytes and a seal, in base64url.
 *
 * Opaque, not signed claims: a revocation, a single use and a narrowed limit all need the store at
 * each call anyway, nothing about the user travels in the token, and a stolen dump of the store holds
 * only keyed hashes. The seal, a truncated HMAC of the random bytes, lets a flood of forged tokens be
 * refused without asking the store.
 */
export interface TokenForm {
  seal(random: Uint8Array): string;
  /** Whether the text claims to be a token of this kind. */
  isOurs(value: string): boolean;
  /** Whether we sealed it; needs no store. */
  isSealed(value: string): boolean;
  /** Names the token in the store; says nothing about its value. */
  idOf(value: string): string;
}

const PREFIX = 'gct_';
const SEAL_BYTES = 16;
/** 48 bytes are 64 base64url characters, without padding. */
const SHAPE = /^gct_[A-Za-z0-9_-]{64}$/;

export function createTokenForm(keys: DerivedKeys): TokenForm {
  const sealOf = (random: Uint8Array) =>
    hmac(keys.tokenSeal, Buffer.from(random).toString('base64url')).subarray(0, SEAL_BYTES);
  return {
    seal: (random) => PREFIX + Buffer.concat([random, sealOf(random)]).toString('base64url'),
    isOurs: (value) => value.startsWith(PREFIX),
    isSealed(value) {
      if (!SHAPE.test(value)) return false;
      const bytes = Buffer.from(value.slice(PREFIX.length), 'base64url');
      return timingSafeEqual(bytes.subarray(RANDOM_BYTES), sealOf(bytes.subarray(0, RANDOM_BYTES)));
    },
    idOf: (value) => hmac(keys.tokenLookup, value).toString('base64url'),
  };
}
