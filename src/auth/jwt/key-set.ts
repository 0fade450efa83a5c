import type { Clock } from '../../base/clock.ts';
import { parseHttpsUrl } from './https-url.ts';
import { type KeySource, keyLookup } from './key-lookup.ts';
import { RemoteKeySet } from './remote-key-set.ts';

/** A JSON Web Key Set (RFC 7517), with the public keys of an issuer. */
export interface KeySetJson {
  /** Each is a JSON Web Key. */
  readonly keys: readonly object[];
}

/** An issuer's public keys: the https URL of its JWKS, or the set itself. */
export type KeysAt = URL | string | KeySetJson;

/** Makes a key source, without I/O. `TypeError` names `path` for any other value. */
export function keySet(keys: unknown, path: string, clock: Clock): KeySource {
  if (typeof keys === 'string' || keys instanceof URL) {
    const url = parseHttpsUrl(keys, path);
    return new RemoteKeySet(url, () => url, clock);
  }
  const lookup = keyLookup(keys);
  if (lookup !== undefined) return lookup;
  throw new TypeError(`"${path}" must be an https URL, or a JSON Web Key Set with public keys`);
}

const SECRET_BYTES_MIN = 32;

/** Makes a source of one shared key, for HMAC. `TypeError` names `path` below 32 bytes (RFC 7518 §3.2). */
export function sharedKey(secret: unknown, path: string): KeySource {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (bytes instanceof Uint8Array && bytes.byteLength >= SECRET_BYTES_MIN) {
    const copy = Uint8Array.from(bytes);
    return { keyFor: () => Promise.resolve(copy) };
  }
  throw new TypeError(
    `"${path}" must be at least ${SECRET_BYTES_MIN} bytes; is its environment variable set?`,
  );
}
