import { z } from 'zod';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  oneOrMore,
  type ProviderOptions,
  providerShape,
  providerUsers,
  text,
} from '../jwt/provider-users.ts';

/** The options of `auth0`. */
export interface Auth0Options extends ProviderOptions {
  /** The domain of the tenant, or your own, without a scheme: `my-app.eu.auth0.com`. */
  readonly domain: string;
  /** The identifier of your API in Auth0. */
  readonly audience: string | readonly string[];
}

const shape = z.strictObject({
  domain: text.regex(/^[a-z0-9.-]+$/i, 'must be a host name, without "https://"'),
  audience: oneOrMore,
  ...providerShape,
});

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
  const parsed = parseOrThrow(shape, options, 'auth0');
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
