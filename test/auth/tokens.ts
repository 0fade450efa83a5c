import { createHmac, webcrypto } from 'node:crypto';
import type { Signer } from './keys.ts';

export type Json = Record<string, unknown>;

export const base64url = (value: string | Uint8Array | Json): string =>
  Buffer.from(
    value instanceof Uint8Array || typeof value === 'string' ? value : JSON.stringify(value),
  ).toString('base64url');

const SUBTLE: Readonly<Record<string, webcrypto.AlgorithmIdentifier | webcrypto.EcdsaParams>> = {
  RS256: 'RSASSA-PKCS1-v1_5',
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  EdDSA: 'Ed25519',
};

/** Signs any bytes, also those that no library would sign. `alg` is the key's, not the header's. */
export async function signatureOf(input: string, { alg, privateKey }: Signer): Promise<string> {
  if (privateKey instanceof Uint8Array) {
    return createHmac('sha256', privateKey).update(input).digest('base64url');
  }
  const bytes = await webcrypto.subtle.sign(SUBTLE[alg] ?? alg, privateKey, Buffer.from(input));
  return base64url(new Uint8Array(bytes));
}

/** A token of this header and these claims, given as objects or as exact text. */
export async function sign(
  signer: Signer,
  claims: Json | string,
  header: Json | string = {},
): Promise<string> {
  const { alg, kid } = signer;
  const head = typeof header === 'string' ? header : { alg, kid, typ: 'JWT', ...header };
  const input = `${base64url(head)}.${base64url(claims)}`;
  return `${input}.${await signatureOf(input, signer)}`;
}
