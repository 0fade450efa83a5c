import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { Authenticator } from '../authenticator.ts';
import { fetchJson } from '../jwt/fetch-json.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  oneOrMore,
  type ProviderOptions,
  parseProvider,
  providerUsers,
  publicKeyAlgorithms,
  text,
} from '../jwt/provider-users.ts';
import { isObject } from '../jwt/read-jwt.ts';
import { RemoteKeySet } from '../jwt/remote-key-set.ts';

const oidcShape = {
  /** Exactly as in `iss` and the discovery document. */
  issuer: text,
  /** Your client id for ID tokens, the identifier of your API for access tokens. */
  audience: oneOrMore,
  /** Every provider supports the default (OpenID Connect Discovery 1.0 §3).
   * @default ['RS256'] */
  algorithms: publicKeyAlgorithms.default(['RS256']),
};

/** The options of `oidc`. */
export interface OidcOptions
  extends ProviderOptions,
    RequiredOptions<typeof oidcShape>,
    OptionalOptions<typeof oidcShape> {}

/**
 * Accepts the tokens of any OpenID Connect provider. `/.well-known/openid-configuration` locates its
 * keys. The document is read when the first token arrives, and again with the keys. It must name the
 * same issuer and an https `jwks_uri`, or no key is used (OpenID Connect Discovery 1.0 §4.3).
 *
 * @example
 * ```ts
 * const auth = oidc({ issuer: 'https://id.my-app.com/realms/app', audience: 'my-app' });
 * ```
 */
export function oidc(options: OidcOptions): Authenticator {
  const parsed = parseProvider('oidc', oidcShape, options);
  const { issuer, audience, algorithms, clock } = parsed;
  parseHttpsUrl(issuer, 'oidc.issuer');
  const document = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const locate = (signal: AbortSignal) => discover(document, issuer, signal);
  return providerUsers('oidc', parsed, {
    issuer,
    audience,
    algorithms,
    keys: new RemoteKeySet(document, locate, clock),
    user: (claims) => subjectOf(claims),
  });
}

async function discover(document: URL, issuer: string, signal: AbortSignal): Promise<URL> {
  const { value } = await fetchJson(document, signal);
  if (!isObject(value) || value['issuer'] !== issuer) {
    throw new Error(`${document.href} names another issuer than "${issuer}"`);
  }
  return parseHttpsUrl(value['jwks_uri'], 'jwks_uri');
}
