import { z } from 'zod';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { User } from '../../core/user.ts';
import type { Authenticator } from '../authenticator.ts';
import { parseHttpsUrl } from '../jwt/https-url.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import { type ProviderOptions, providerShape, providerUsers, text } from '../jwt/provider-users.ts';
import type { Claims } from '../jwt/read-jwt.ts';

export interface ClerkAuthOptions extends ProviderOptions {
  /** The Frontend API URL, without a slash at its end: `https://clerk.my-app.com`, in development
   * `https://<name>.clerk.accounts.dev`. */
  readonly issuer: string;
  /** Origins of your web apps, as `azp` has them; default none, for native apps alone. */
  readonly authorizedParties?: readonly string[];
}

const shape = z.strictObject({
  issuer: text.regex(/[^/]$/, 'must not end with a slash'),
  authorizedParties: z.array(text).default([]),
  ...providerShape,
});

/**
 * Accepts Clerk's session tokens (`session.getToken()`): from native apps, which name no origin, and
 * from the web apps of `authorizedParties`; never of a session that is `pending`. `plan` is the user's
 * plan in Clerk Billing (the `u:` of `pla`), so a guard's plans are named as Clerk's are. Claims of
 * version 2 as in clerk.com/docs/guides/sessions/session-tokens, 2026-11.
 */
export function clerkAuth(options: ClerkAuthOptions): Authenticator {
  const parsed = parseOrThrow(shape, options, 'clerkAuth');
  const { issuer, authorizedParties } = parsed;
  parseHttpsUrl(issuer, 'clerkAuth.issuer');
  return providerUsers('clerkAuth', parsed, {
    issuer,
    // Session tokens have none; the issuer, which is this app's own, and `azp` stand for it.
    audience: undefined,
    algorithms: ['RS256'],
    keys: `${issuer}/.well-known/jwks.json`,
    requiredClaims: ['iat', 'nbf'],
    user: (claims) => (isWelcome(claims, authorizedParties) ? userOf(claims) : undefined),
  });
}

function isWelcome({ azp, sts }: Claims, authorizedParties: readonly string[]): boolean {
  if (sts !== undefined && sts !== 'active') return false;
  return azp === undefined || (typeof azp === 'string' && authorizedParties.includes(azp));
}

function userOf(claims: Claims): User | undefined {
  const plan = /(?:^|,)u:([^,]+)/.exec(String(claims['pla'] ?? ''))?.[1];
  return subjectOf(claims, plan === undefined ? {} : { plan });
}
