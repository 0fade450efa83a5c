import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { jwtUsers, subjectOf } from './jwt-users.ts';
import type { KeySource } from './key-lookup.ts';
import { type KeysAt, keySet, sharedKey } from './key-set.ts';
import { oneOrMore, text, timeShape } from './provider-users.ts';
import type { Claims } from './read-jwt.ts';
import {
  HMAC_ALGORITHMS,
  isHmac,
  type JwtAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  signedBy,
} from './signatures.ts';

const ALGORITHMS = [...HMAC_ALGORITHMS, ...PUBLIC_KEY_ALGORITHMS];
const algorithm: z.ZodType<JwtAlgorithm, JwtAlgorithm> = z.enum(ALGORITHMS, {
  error: `must be among ${ALGORITHMS.join(', ')}`,
});

const jwtShape = {
  /** Exactly as in `iss`. Tokens of another issuer go to the next authenticator of `anyOf`. */
  issuer: text,
  /** `aud` must include one of these. Without this check, a token that the same issuer gave to another
   * app would be accepted. */
  audience: oneOrMore,
  /** Only these are accepted, whatever the header of a token names. */
  algorithms: z
    .array(algorithm, { error: 'must list the algorithms that the issuer signs with' })
    .min(1, 'must not be empty')
    .readonly(),
  /** The issuer's public keys: an https URL, which is fetched when the first token arrives, or the set
   * itself. Set either this or `secret`. */
  jwks: z.custom<KeysAt>().optional(),
  /** The key of HS256, HS384 and HS512, at least 32 bytes. It allows its owner to act as any user. */
  secret: z.custom<string | Uint8Array | undefined>().optional(),
  /** Claims that are required in addition to `iss`, `aud` and `exp`.
   * @default [] */
  requiredClaims: z.array(text).readonly().default([]),
  /** The `typ` of the header, e.g. `'at+jwt'` for access tokens of RFC 9068. Without it, any. */
  typ: text.optional(),
  /** Returns the user of verified claims; `undefined` rejects the token.
   * @default subjectOf (the user of `sub`) */
  user: callback<(claims: Claims) => User | undefined>().default(() => subjectOf),
};

/** The options of `jwt`. */
export interface JwtOptions
  extends OptionalOptions<typeof timeShape>,
    RequiredOptions<typeof jwtShape>,
    OptionalOptions<typeof jwtShape> {}

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
  const { skew, user, secret, jwks, ...shaped } = parseOrThrow(
    optionsSchema({ ...jwtShape, ...timeShape }),
    options,
    'jwt',
  );
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
