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

/** The options of `jwt`. */
export interface JwtOptions {
  /** Exactly as in `iss`. Tokens of another issuer go to the next authenticator of `anyOf`. */
  readonly issuer: string;
  /** `aud` must include one of these. Without this check, a token that the same issuer gave to another
   * app would be accepted. */
  readonly audience: string | readonly string[];
  /** Only these are accepted, whatever the header of a token names. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** The issuer's public keys: an https URL, which is fetched when the first token arrives, or the set
   * itself. Set either this or `secret`. */
  readonly jwks?: KeysAt;
  /** The key of HS256, HS384 and HS512, at least 32 bytes. It allows its owner to act as any user. */
  readonly secret?: string | Uint8Array | undefined;
  /** How far clocks may differ, at most `'30s'`. Default `'5s'`. */
  readonly skew?: string;
  /** Claims that are required in addition to `iss`, `aud` and `exp`. */
  readonly requiredClaims?: readonly string[];
  /** The `typ` of the header, e.g. `'at+jwt'` for access tokens of RFC 9068. Default any. */
  readonly typ?: string;
  /** Returns the user of verified claims; `undefined` rejects the token. Default: the user of `sub`. */
  user?(claims: Claims): User | undefined;
  /** Tells the time, for tests. By default, the clock of the system. */
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
 * Accepts the JSON Web Tokens of one issuer, as `Authorization: Bearer`. A token must be signed by one
 * of the issuer's keys with one of `algorithms`, be for `audience`, have begun and not have ended.
 * `exp` is required. The claims are on `user.claims`, frozen.
 *
 * A token of another issuer, or a text that is not a JWT, goes to the next authenticator of `anyOf`. A
 * bad token is denied with `invalid_credential`, always in the same bytes. A token that is good apart
 * from its end is denied with `expired_credential`. If no keys are available, the call fails with 503
 * `auth_unavailable`.
 *
 * A verified token is cached for 30 s, and never beyond its end. A token that its issuer revokes is
 * accepted here until `exp`; block the user to end it at once. `TypeError` for options that would
 * accept too much: no audience, no algorithms, HMAC with public keys, a short secret. The check of the
 * options fetches nothing.
 *
 * @example
 * ```ts
 * const auth = jwt({
 *   issuer: 'https://login.my-app.com',
 *   audience: 'my-app',
 *   algorithms: ['ES256'],
 *   jwks: 'https://login.my-app.com/.well-known/jwks.json',
 * });
 * ```
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
