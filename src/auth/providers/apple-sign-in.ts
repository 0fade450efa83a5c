import { callback, type OptionalOptions, type RequiredOptions } from '../../base/option-schema.ts';
import type { Authenticator } from '../authenticator.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  oneOrMore,
  type ProviderOptions,
  parseProvider,
  providerUsers,
} from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';

/** Whether a login of your app began with this nonce of its token. */
export type NonceCheck = (nonce: string) => boolean | Promise<boolean>;

const appleSignInShape = {
  /** The app's bundle id, or the Services ID of a web app. */
  clientId: oneOrMore,
  /** Rejects tokens without a nonce, and those for which it returns false. Without it, the nonce is not
   * checked. It is called again when a token is verified again after 30 s, so a nonce must stay valid. */
  nonce: callback<NonceCheck>().optional(),
};

/** The options of `appleSignIn`. */
export interface AppleSignInOptions
  extends ProviderOptions,
    RequiredOptions<typeof appleSignInShape>,
    OptionalOptions<typeof appleSignInShape> {}

const ISSUER = 'https://appleid.apple.com';

/**
 * Accepts the identity tokens of Sign in with Apple. They come with a login and cannot be refreshed. Use
 * them where you issue a user token (`guard.tokens.issue`), and not at each call. Rules as in
 * developer.apple.com "Verifying a user", 2026-11.
 *
 * @example
 * ```ts
 * const auth = appleSignIn({ clientId: 'com.example.my-app' });
 * ```
 */
export function appleSignIn(options: AppleSignInOptions): Authenticator {
  const parsed = parseProvider('appleSignIn', appleSignInShape, options);
  const { nonce } = parsed;
  return providerUsers('appleSignIn', parsed, {
    issuer: ISSUER,
    audience: parsed.clientId,
    algorithms: ['RS256'],
    keys: `${ISSUER}/auth/keys`,
    requiredClaims: ['iat'],
    user: async (claims) =>
      nonce === undefined || (await isKnown(claims, nonce)) ? subjectOf(claims) : undefined,
  });
}

async function isKnown({ nonce }: Claims, check: NonceCheck): Promise<boolean> {
  return typeof nonce === 'string' && (await check(nonce)) === true;
}
