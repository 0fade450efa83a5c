import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { jwtUsers, subjectOf } from './jwt-users.ts';
import type { KeySource } from './key-lookup.ts';
import { type KeysAt, keySet, sharedKey } from './key-set.ts';
import { oneOrMore, providerShape, text } from './provider-users.ts';
import type { Claims } from './read-jwt.ts';
import {
  HMAC_ALGORITHMS,
  isHmac,
  type JwtAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  signedBy,
} from './signatures.ts';

export interface JwtOptions {
  /** Exactly as `iss` says it. Tokens of another issuer are left to the next of `anyOf`. */
  readonly issuer: string;
  /** For whom tokens must be: any one of these in `aud`. Without it, a token that the same issuer gave
   * to another app would do here. */
  readonly audience: string | readonly string[];
  /** The only ones that are accepted, whatever a token's header says. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** The issuer's public keys: an https URL, asked for when the first token comes, or the set itself.
   * Either this or `secret`. */
  readonly jwks?: KeysAt;
  /** The key of HS256, HS384 and HS512, at least 32 bytes. Whoever has it can be anybody. */
  readonly secret?: string | Uint8Array | undefined;
  /** How far clocks may be apart, at most `'30s'`; default `'5s'`. */
  readonly skew?: string;
  /** Claims that must be there beside `iss`, `aud` and `exp`. */
  readonly requiredClaims?: readonly string[];
  /** The header's `typ`, e.g. `'at+jwt'` for access tokens of RFC 9068; default any. */
  readonly typ?: string;
  /** Whom verified claims name; `undefined` refuses them. Default the user of `sub`. */
  user?(claims: Claims): User | undefined;
  readonly clock?: Clock;
}

const algorithms = [...HMAC_ALGORITHMS, ...PUBLIC_KEY_ALGORITHMS] as const;
const callable = z.custom<(claims: Claims) => User | undefined>(
  (value) => typeof value === 'function',
  'must be a function',
);
const jwtShape = z.strictObject({
  issuer: text,
  audience: oneOrMore,
  algorithms: z
    .array(z.enum(algorithms, { error: `must be among ${algorithms.join(', ')}` }), {
      error: 'must list the algorithms that the issuer signs with',
    })
    .min(1, 'must not be empty'),
  secret: z.unknown().optional(),
  requiredClaims: z.array(text).default([]),
  typ: text.optional(),
  user: callable.default(() => subjectOf),
  ...providerShape,
});

/**
 * Accepts the JSON Web Tokens of one issuer, as `Authorization: Bearer`: signed by one of its keys with
 * one of `algorithms`, for `audience`, begun and not over; `exp` is required. Claims are on `user.claims`,
 * frozen.
 *
 * A token of another issuer, or no JWT, is left to the next of `anyOf`. A bad one is denied with
 * `invalid_credential`, in the same bytes whatever is wrong; one that has merely expired, with
 * `expired_credential`. When no keys can be had, the call fails with 503 `auth_unavailable`.
 *
 * A verified token is remembered for 30 s, and not longer than it lives: what its issuer revokes ends
 * here with `exp` (block the user to end it at once). `TypeError` for options that would accept too
 * much: no audience, no algorithms, HMAC with public keys, a short secret. Nothing is fetched by then.
 */
export function jwt(options: JwtOptions): Authenticator {
  const { skew, user, secret, jwks, ...shaped } = parseOrThrow(jwtShape, options, 'jwt');
  const { clock } = shaped;
  const keys = chooseKeys({ secret, jwks, clock, algorithms: shaped.algorithms });
  return jwtUsers({
    ...shaped,
    skewMs: skew,
    isSigned: signedBy(keys, shaped.algorithms),
    user,
  });
}

function chooseKeys(given: {
  readonly secret: unknown;
  readonly jwks: unknown;
  readonly clock: Clock;
  readonly algorithms: readonly JwtAlgorithm[];
}): KeySource {
  const { secret, jwks, clock } = given;
  if ((secret === undefined) === (jwks === undefined)) {
    throw new TypeError('"jwt" needs either "jwks" or "secret"; is its environment variable set?');
  }
  const shared = secret !== undefined;
  if (!given.algorithms.every((algorithm) => isHmac(algorithm) === shared)) {
    throw new TypeError(
      '"jwt.algorithms": HS256, HS384 and HS512 go with "secret", all others with "jwks"',
    );
  }
  return shared ? sharedKey(secret, 'jwt.secret') : keySet(jwks, 'jwt.jwks', clock);
}
