import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';

export interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey | Uint8Array;
  /** The public half, or `undefined` for a shared secret. */
  readonly jwk: JWK | undefined;
}

/** A key pair made for this run. */
export async function newSigner(alg: string, kid = `${alg}-key`): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, kid, use: 'sig' } as JWK;
  return { alg, kid, privateKey, jwk };
}

export function sharedSigner(secret: string): Signer {
  return { alg: 'HS256', kid: 'shared', privateKey: Buffer.from(secret), jwk: undefined };
}

export function jwksOf(...signers: readonly Signer[]): JSONWebKeySet {
  return { keys: signers.flatMap(({ jwk }) => jwk ?? []) } as JSONWebKeySet;
}
