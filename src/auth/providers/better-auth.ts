import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  type ProviderOptions,
  parseProvider,
  providerUsers,
  publicKeyAlgorithms,
  text,
} from '../jwt/provider-users.ts';

const betterAuthShape = {
  /** Exactly the `baseURL` of better-auth. It is the issuer and the audience. */
  baseURL: text,
  /** As in the plugin's `keyPairConfig`, with the same default.
   * @default ['EdDSA'] */
  algorithms: publicKeyAlgorithms.default(['EdDSA']),
};

/** The options of `betterAuth`. */
export interface BetterAuthOptions
  extends ProviderOptions,
    RequiredOptions<typeof betterAuthShape>,
    OptionalOptions<typeof betterAuthShape> {}

/**
 * Accepts the tokens of better-auth's JWT plugin (`/api/auth/token`), which live for 15 minutes. Session
 * cookies are not accepted. By default the claims are the whole user, so base a plan only on fields that
 * users cannot write. Keys are read from `/api/auth/jwks`, or from `jwks`. Defaults as in better-auth
 * `packages/better-auth/src/plugins/jwt/sign.ts`, 2026-11.
 *
 * @example
 * ```ts
 * const auth = betterAuth({ baseURL: 'https://my-app.com' });
 * ```
 */
export function betterAuth(options: BetterAuthOptions): Authenticator {
  const parsed = parseProvider('betterAuth', betterAuthShape, options);
  const { baseURL, algorithms } = parsed;
  const url = parseHttpsUrl(baseURL, 'betterAuth.baseURL');
  return providerUsers('betterAuth', parsed, {
    issuer: baseURL,
    audience: [baseURL],
    algorithms,
    keys: new URL('/api/auth/jwks', url).href,
    user: (claims) => subjectOf(claims),
  });
}
