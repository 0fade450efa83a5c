import { isPromiseLike } from '../base/deadline.ts';
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

const MUST_BE = 'must be an authenticator';

export const authenticator = objectWith<Authenticator>(['authenticate'], wrongAuthenticator);

/** Says what is wrong with what should be an authenticator. */
export function wrongAuthenticator(input: unknown): string {
  if (isPromiseLike(input)) return `${MUST_BE}, and is a promise: did you forget "await"?`;
  if (Array.isArray(input)) return `${MUST_BE}, and is a list: use anyOf(first, second)`;
  if (typeof input === 'function') {
    return `${MUST_BE}, and is a function: call it, as in userTokens(), or wrap it, as in authenticate(find)`;
  }
  return `${MUST_BE}, such as userTokens()`;
}
