import * as z from 'zod';
import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import { sharedKey } from '../jwt/key-set.ts';
import { type ProviderOptions, parseProvider, providerUsers } from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';
import { type SignatureCheck, signedBy } from '../jwt/signatures.ts';

const supabaseAuthShape = {
  /** The URL of the project, `https://<ref>.supabase.co` or your own domain. */
  url: z.custom<string | URL>(),
  /** The JWT secret of a project that still signs with HS256, at least 32 bytes. These tokens are then
   * accepted in addition to those of its signing keys. `undefined`, as from an environment variable that
   * is not set, is a `TypeError`. Signing keys are better: rotate to them. */
  legacySecret: z.custom<string | undefined>().optional(),
};

/** The options of `supabaseAuth`. */
export interface SupabaseAuthOptions
  extends ProviderOptions,
    RequiredOptions<typeof supabaseAuthShape>,
    OptionalOptions<typeof supabaseAuthShape> {}

/** The roles of API keys, which ship in every app. They are JWTs too, but belong to no user. */
const API_KEY_ROLES: readonly unknown[] = ['anon', 'service_role', 'supabase_admin'];

/**
 * Accepts the access tokens of the users of one Supabase project (`session.access_token`). API keys
 * (`anon`, `service_role`) are rejected. `anonymous` is set for `is_anonymous` users. Only your server
 * writes `app_metadata` on `user.claims`. Never base a plan on `user_metadata`, which users can write.
 * Claims as in supabase.com/docs/guides/auth/jwt-fields, 2026-11.
 *
 * A project without signing keys publishes no keys. Its tokens get 503 `auth_unavailable` until the
 * project has a key, or `legacySecret` is set here.
 *
 * @example
 * ```ts
 * const auth = supabaseAuth({ url: 'https://abcdefghijklmnopqrst.supabase.co' });
 * ```
 */
export function supabaseAuth(options: SupabaseAuthOptions): Authenticator {
  const parsed = parseProvider('supabaseAuth', supabaseAuthShape, options);
  const { legacySecret } = parsed;
  const url = parseHttpsUrl(parsed.url, 'supabaseAuth.url');
  const issuer = `${url.href.replace(/\/+$/, '')}/auth/v1`;
  return providerUsers('supabaseAuth', parsed, {
    issuer,
    audience: ['authenticated'],
    algorithms: ['ES256', 'RS256', 'EdDSA'],
    keys: `${issuer}/.well-known/jwks.json`,
    ...('legacySecret' in options && { checkSignature: orBySecret(legacySecret) }),
    user: userOf,
  });
}

/** Accepts both kinds of tokens, which users have while a project moves to signing keys. */
function orBySecret(secret: unknown): (byKeys: SignatureCheck) => SignatureCheck {
  const bySecret = signedBy(sharedKey(secret, 'supabaseAuth.legacySecret'), ['HS256']);
  return (byKeys) => (jwt) => (jwt.header['alg'] === 'HS256' ? bySecret(jwt) : byKeys(jwt));
}

function userOf(claims: Claims): User | undefined {
  if (API_KEY_ROLES.includes(claims['role'])) return undefined;
  return subjectOf(claims, claims['is_anonymous'] === true ? { anonymous: true } : {});
}
