import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

/**
 * Accepts the tokens of `guard.tokens.issue` and `guard.exchange`, as `Authorization: Bearer`.
 *
 * @example
 * ```ts
 * const auth = userTokens(); // the default of the option "auth"
 * ```
 */
export function userTokens(): Authenticator {
  return {
    authenticate(request, context) {
      const credential = bearerCredential(request);
      return credential === undefined ? undefined : context.verifyUserToken(credential);
    },
  };
}
