import { createHmac, hkdfSync } from 'node:crypto';

/** One key for each purpose, derived from the operator's secret. No key works for another purpose. */
export interface DerivedKeys {
  readonly endUserId: Uint8Array;
  readonly tokenSeal: Uint8Array;
  readonly tokenLookup: Uint8Array;
  readonly pseudonym: Uint8Array;
}

const SECRET_BYTES_MIN = 32;

/**
 * Derives the keys. `TypeError` for a secret below 32 bytes, because anyone could seal a token with an
 * empty one. Tokens are sealed for one `audience`. End-user ids are the same for all of them.
 */
export function deriveKeys(secret: unknown, audience = ''): DerivedKeys {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength < SECRET_BYTES_MIN) {
    throw new TypeError(
      `"secret" must be at least ${SECRET_BYTES_MIN} bytes: set it from a secret store, e.g. the output of "openssl rand -base64 48"`,
    );
  }
  const derive = (label: string) =>
    new Uint8Array(hkdfSync('sha256', bytes, '', `guarded-completion/${label}`, 32));
  const forAudience = (label: string) => (audience === '' ? label : `${label}:${audience}`);
  return {
    endUserId: derive('end-user-id'),
    tokenSeal: derive(forAudience('token-seal')),
    tokenLookup: derive(forAudience('token-lookup')),
    pseudonym: derive('pseudonym'),
  };
}

const DISTINCT_BYTES_MIN = 10;
const PLACEHOLDER = /change.?me|your.?secret|placeholder|example/i;

/** Whether a secret is plainly no random text: few different bytes, or a placeholder. */
export function isWeakSecret(secret: string | Uint8Array | undefined): boolean {
  if (secret === undefined) return true;
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (new Set(bytes).size < DISTINCT_BYTES_MIN) return true;
  return typeof secret === 'string' && PLACEHOLDER.test(secret);
}

export function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
