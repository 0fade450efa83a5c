import { compactVerify } from 'jose';
import type { KeySource } from './key-lookup.ts';
import type { Jwt } from './read-jwt.ts';

export const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Algorithms of RFC 7518 §3.1 and RFC 8037, without `none`. */
export type JwtAlgorithm =
  | (typeof HMAC_ALGORITHMS)[number]
  | (typeof PUBLIC_KEY_ALGORITHMS)[number];

export const isHmac = (algorithm: string): boolean => algorithm.startsWith('HS');

export type SignatureCheck = (jwt: Jwt) => boolean | Promise<boolean>;

const KID_LENGTH_MAX = 256;

/**
 * Accepts tokens that a key of `keys` signed with one of `algorithms`. A token can only choose among
 * these keys and algorithms. Keys that its header brings or points to (`jwk`, `jku`, `x5u`) are
 * ignored.
 */
export function signedBy(keys: KeySource, algorithms: readonly string[]): SignatureCheck {
  return async ({ text, header, claims }) => {
    const { alg, kid } = header;
    if (typeof alg !== 'string' || !algorithms.includes(alg)) return false;
    if (!isKid(kid)) return false;
    const key = await keys.keyFor({ alg, ...(kid !== undefined && { kid }) }, issuedAtMs(claims));
    return key !== undefined && isSigned(text, key, alg);
  };
}

function issuedAtMs({ iat }: Jwt['claims']): number | undefined {
  return typeof iat === 'number' ? iat * 1_000 : undefined;
}

function isKid(kid: unknown): kid is string | undefined {
  return kid === undefined || (typeof kid === 'string' && kid.length <= KID_LENGTH_MAX);
}

async function isSigned(
  text: string,
  key: Parameters<typeof compactVerify>[1],
  algorithm: string,
): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}
