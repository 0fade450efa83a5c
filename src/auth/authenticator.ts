import type { Denial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Identity } from '../plans/scope.ts';

/** What the guard lends to authenticators. */
export interface AuthContext {
  /** Looks an issued token up: its identity, a denial, or `undefined` when it has not our shape. */
  verifyUserToken(
    value: string,
  ): Identity | Denial | undefined | Promise<Identity | Denial | undefined>;
  /** A name for what must not be stored as it is (an address, a device): the same text for the same
   * input, 43 characters, and not to be turned back by anybody without the guard's secret. */
  pseudonymOf(text: string): string;
}

/**
 * Says who is calling, from what the caller cannot forge.
 *
 * Answers `undefined` when the request carries no credential of its kind (the next one of `anyOf` is
 * asked), a denial when it does but that is bad, an identity when it is good. Throws only when it
 * could not find out: the call then fails with 503 for an `AuthenticationUnavailableError`, with 500
 * for anything else, never with 401.
 */
export interface Authenticator {
  authenticate(
    request: GuardRequest,
    context: AuthContext,
  ): Identity | Denial | undefined | Promise<Identity | Denial | undefined>;
}
