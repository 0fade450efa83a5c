import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

/** Accepts the temporary keys that `guard.tokens.issue` made, as `Authorization: Bearer`. */
export function userTokens(): Authenticator {
  return {
    authenticate(request, context) {
      const credential = bearerCredential(request);
      return credential === undefined ? undefined : context.verifyUserToken(credential);
    },
  };
}
