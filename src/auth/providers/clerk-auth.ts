import * as z from 'zod';
import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import { type ProviderOptions, parseProvider, providerUsers, text } from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';

const clerkAuthShape = {
  /** The Frontend API URL without a trailing slash: `https://clerk.my-app.com`, in development
   * `https://<name>.clerk.accounts.dev`. */
  issuer: text.regex(/[^/]$/, 'must not end with a slash'),
  /** Origins of your web apps, as in `azp`. By default, only native apps are accepted.
   * @default [] */
  authorizedParties: z.array(text).readonly().default([]),
};

/** The options of `clerkAuth`. */
export interface ClerkAuthOptions
  extends ProviderOptions,
    RequiredOptions<typeof clerkAuthShape>,
    OptionalOptions<typeof clerkAuthShape> {}

/**
 * Accepts Clerk's session tokens (`session.getToken()`) from native apps, which send no origin, and
 * from the web apps of `authorizedParties`. A session that is `pending` is rejected. `plan` is the
 * user's plan in Clerk Billing (the `u:` of `pla`), so give the guard's plans the same names as in
 * Clerk. Claims of version 2 as in clerk.com/docs/guides/sessions/session-tokens, 2026-11.
 *
 * @example
 * ```ts
 * const auth = clerkAuth({
 *   issuer: 'https://clerk.my-app.com',
 *   authorizedParties: ['https://my-app.com'],
 * });
 * ```
 */
export function clerkAuth(options: ClerkAuthOptions): Authenticator {
  const parsed = parseProvider('clerkAuth', clerkAuthShape, options);
  const { issuer, authorizedParties } = parsed;
  parseHttpsUrl(issuer, 'clerkAuth.issuer');
  return providerUsers('clerkAuth', parsed, {
    issuer,
    // Session tokens have no `aud`. The issuer belongs to this app alone, and `azp` is checked.
    audience: undefined,
    algorithms: ['RS256'],
    keys: `${issuer}/.well-known/jwks.json`,
    requiredClaims: ['iat', 'nbf'],
    user: (claims) => (isAccepted(claims, authorizedParties) ? userOf(claims) : undefined),
  });
}

function isAccepted({ azp, sts }: Claims, authorizedParties: readonly string[]): boolean {
  if (sts !== undefined && sts !== 'active') return false;
  return azp === undefined || (typeof azp === 'string' && authorizedParties.includes(azp));
}

function userOf(claims: Claims): User | undefined {
  const plan = /(?:^|,)u:([^,]+)/.exec(String(claims['pla'] ?? ''))?.[1];
  return subjectOf(claims, plan === undefined ? {} : { plan });
}
