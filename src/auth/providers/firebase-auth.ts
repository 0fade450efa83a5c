import * as z from 'zod';
import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { isPast } from '../jwt/check-claims.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import { type ProviderOptions, parseProvider, providerUsers, text } from '../jwt/provider-users.ts';
import { type Claims, isObject } from '../jwt/read-jwt.ts';
import type { SignatureCheck } from '../jwt/signatures.ts';

const firebaseAuthShape = {
  /** The id of the project, as in the Firebase console. */
  projectId: text,
  /** The Identity Platform tenant of the users. Without it, users without a tenant. */
  tenant: text.optional(),
  /** Accepts the unsigned tokens of the Auth emulator, and no others. A caller can then act as any user.
   * `TypeError` if `NODE_ENV` is `production`.
   * @default false */
  emulator: z.boolean().default(false),
};

/** The options of `firebaseAuth`. */
export interface FirebaseAuthOptions
  extends ProviderOptions,
    RequiredOptions<typeof firebaseAuthShape>,
    OptionalOptions<typeof firebaseAuthShape> {}

const KEYS =
  'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';
const UID_LENGTH_MAX = 128;

/**
 * Accepts the ID tokens of one Firebase project (`user.getIdToken()`). Its custom tokens and session
 * cookies, and tokens of other tenants or the emulator, are rejected. `anonymous` is set for users who
 * have not signed in. Their id stays the same when they sign in (`linkWithCredential`). Custom claims
 * are on `user.claims`. Rules as in firebase-admin-node `src/auth/token-verifier.ts`, 2026-11.
 *
 * A disabled user, or one with revoked tokens, is accepted until their token ends, within an hour.
 *
 * @example
 * ```ts
 * const auth = firebaseAuth({ projectId: 'my-app' });
 * ```
 */
export function firebaseAuth(options: FirebaseAuthOptions): Authenticator {
  const parsed = parseProvider('firebaseAuth', firebaseAuthShape, options);
  const { projectId, tenant, emulator, skew, clock } = parsed;
  return providerUsers('firebaseAuth', parsed, {
    issuer: `https://securetoken.google.com/${projectId}`,
    audience: [projectId],
    algorithms: ['RS256'],
    keys: KEYS,
    checkSignature: emulator ? unsigned : withKid,
    requiredClaims: ['iat', 'auth_time'],
    user(claims) {
      const begun = isPast(claims['auth_time'], clock.nowMs() + skew);
      return begun ? userOf(claims, tenant) : undefined;
    },
  });
}

/** firebase-admin rejects tokens without `kid`, such as custom tokens. */
const withKid =
  (byKeys: SignatureCheck): SignatureCheck =>
  (jwt) =>
    'kid' in jwt.header && byKeys(jwt);

function unsigned(): SignatureCheck {
  if (process.env['NODE_ENV'] === 'production') {
    throw new TypeError(
      '"firebaseAuth.emulator" accepts unsigned tokens and cannot be used in production',
    );
  }
  return ({ text, header }) => header['alg'] === 'none' && text.endsWith('.');
}

function userOf(claims: Claims, tenant: string | undefined): User | undefined {
  const { firebase, sub } = claims;
  const login = isObject(firebase) ? firebase : {};
  if (login['tenant'] !== tenant || String(sub).length > UID_LENGTH_MAX) return undefined;
  const anonymous = login['sign_in_provider'] === 'anonymous';
  return subjectOf(claims, anonymous ? { anonymous } : {});
}
