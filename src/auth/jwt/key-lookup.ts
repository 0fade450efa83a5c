import { createLocalJWKSet } from 'jose';
import { isObject } from './read-jwt.ts';

/** The fields of a header that choose a key. */
export interface KeyHeader {
  readonly alg: string;
  readonly kid?: string;
}

export type VerificationKey = CryptoKey | Uint8Array;

export interface KeySource {
  /** Returns the key for such a header; `undefined` when there is none. `issuedAtMs`: when its token says
   * that it was issued. Throws `AuthenticationUnavailableError` when this is unknown. */
  keyFor(header: KeyHeader, issuedAtMs?: number): Promise<VerificationKey | undefined>;
}

const KEYS_MAX = 100;

/**
 * Finds keys in a JWKS. Returns `undefined` for any other value, and for a set without a public key or
 * with more than 100. A key is used only with algorithms of its own type. If several keys match, none
 * is chosen, because an issuer with several keys must name one in its tokens (OpenID Connect Core 1.0
 * §10.1).
 */
export function keyLookup(value: unknown): KeySource | undefined {
  if (!isObject(value) || !Array.isArray(value['keys'])) return undefined;
  const keys = value['keys'].filter(isPublic);
  if (keys.length === 0 || keys.length > KEYS_MAX) return undefined;
  const find = createLocalJWKSet({ keys });
  return { keyFor: (header) => find({ ...header }).catch(() => undefined) };
}

function isPublic(key: unknown): key is { kty: string } {
  const secret = ['d', 'k', 'priv'];
  return isObject(key) && !secret.some((member) => Object.hasOwn(key, member));
}
