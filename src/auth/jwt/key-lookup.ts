import { createLocalJWKSet } from 'jose';
import { isObject } from './read-jwt.ts';

/** What of a header chooses a key. */
export interface KeyHeader {
  readonly alg: string;
  readonly kid?: string;
}

export type VerificationKey = CryptoKey | Uint8Array;

export interface KeySource {
  /** The one key for such a header; `undefined` when there is none. Throws
   * `AuthenticationUnavailableError` when that cannot be told. */
  keyFor(header: KeyHeader): Promise<VerificationKey | undefined>;
}

const KEYS_MAX = 100;

/**
 * Finds keys in a JWKS; `undefined` when it is none, or has no public key, or more than 100. A key
 * serves only algorithms of its own type, and none is chosen where several would do: an issuer with
 * several must name one in its tokens (OpenID Connect Core 1.0 §10.1).
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
