import type { Denial } from '../errors.ts';
import type { GuardRequest } from '../exchange.ts';
import type { Limit } from '../plans/limit.ts';
import type { ModelList } from '../plans/plan.ts';

/** Somebody whom a verified credential, or server code, vouches for. */
export interface User {
  /** Stable and unique in the app; 1 to 256 characters, no control characters. */
  readonly id: string;
  readonly plan?: string;
  readonly anonymous?: boolean;
  /** What the credential says besides; never anything that the user may write himself. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What a credential narrows, below its user's plan. It can never widen. */
export interface Scope {
  /** Identifies the credential in the ledger. */
  readonly id: string;
  readonly models?: ModelList;
  readonly endpoints?: readonly string[];
  readonly limits?: readonly Limit[];
  readonly singleUse?: boolean;
}

export interface Identity {
  readonly user: User;
  readonly scope?: Scope;
  /** When the credential ends, Unix ms; a stream that began before may finish. */
  readonly expiresAtMs?: number;
}

/** What the guard lends to authenticators. */
export interface AuthContext {
  /** Looks an issued token up: its identity, a denial, or `undefined` when it has not our shape. */
  verifyAccessToken(
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
