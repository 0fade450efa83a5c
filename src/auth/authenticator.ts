import { objectWith } from '../base/option-schema.ts';
import type { Denial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Identity } from '../plans/plan.ts';

/** What the guard provides to authenticators. */
export interface AuthContext {
  /** Verifies a user token. Returns its identity, a denial, or `undefined` for any other text. */
  verifyUserToken(
    value: string,
  ): Identity | Denial | undefined | Promise<Identity | Denial | undefined>;
  /** Returns a pseudonym for something that must not be stored (an address, a device): 43 characters,
   * always the same for the same input. It cannot be reversed without the guard's secret. */
  pseudonymOf(text: string): string;
}

/**
 * Identifies the caller by something that the caller cannot forge.
 *
 * Returns an identity for a good credential, a denial for a bad one, and `undefined` for a request
 * without a credential of its kind. `anyOf` then tries the next authenticator. Throws only when the
 * answer is unknown. The call then fails with 503 for an `AuthenticationUnavailableError` and with 500
 * for any other error, never with 401.
 */
export interface Authenticator {
  /** Returns the identity, a denial, or `undefined`. It has `timeouts.hook`. */
  authenticate(
    request: GuardRequest,
    context: AuthContext,
  ): Identity | Denial | undefined | Promise<Identity | Denial | undefined>;
}

export const authenticator = objectWith<Authenticator>(
  ['authenticate'],
  'must be an authenticator, such as userTokens()',
);
