import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  oneOrMore,
  type ProviderOptions,
  parseProvider,
  providerUsers,
  text,
} from '../jwt/provider-users.ts';

const auth0Shape = {
  /** The domain of the tenant, or your own, without a scheme: `my-app.eu.auth0.com`. */
  domain: text.regex(/^[a-z0-9.-]+$/i, 'must be a host name, without "https://"'),
  /** The identifier of your API in Auth0. */
  audience: oneOrMore,
};

/** The options of `auth0`. */
export interface Auth0Options
  extends ProviderOptions,
    RequiredOptions<typeof auth0Shape>,
    OptionalOptions<typeof auth0Shape> {}

/**
 * Accepts Auth0's access tokens for your API. ID tokens have another audience. The app must log in with
 * `audience`. Otherwise Auth0 issues an opaque access token, which cannot be verified and goes to the
 * next authenticator of `anyOf`. `scope` and `permissions` are on `user.claims`. Rules as in
 * auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens, 2026-11.
 *
 * @example
 * ```ts
 * const auth = auth0({ domain: 'my-app.eu.auth0.com', audience: 'https://api.my-app.com' });
 * ```
 */
export function auth0(options: Auth0Options): Authenticator {
  const parsed = parseProvider('auth0', auth0Shape, options);
  const { href: issuer } = parseHttpsUrl(`https://${parsed.domain}/`, 'auth0.domain');
  return providerUsers('auth0', parsed, {
    issuer,
    audience: parsed.audience,
    algorithms: ['RS256'],
    keys: `${issuer}.well-known/jwks.json`,
    requiredClaims: ['iat'],
    user: (claims) => subjectOf(claims),
  });
}
