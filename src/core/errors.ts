import { acrossCopies } from '../base/across-copies.ts';

/** A failure of a store. The call was refused and nothing is half done. It may be retried. */
export class LedgerError extends Error {
  static {
    acrossCopies(LedgerError, 'LedgerError');
  }

  /** The code of the denial that the call gets. */
  readonly code = 'ledger_unavailable';
  /** The name of the class. */
  override readonly name = 'LedgerError';
}

/**
 * A credential cannot be verified now, because its issuer is not reachable. The call was refused with
 * `auth_unavailable`, and not with 401, which would log users out. It may be retried.
 */
export class AuthenticationUnavailableError extends Error {
  static {
    acrossCopies(AuthenticationUnavailableError, 'AuthenticationUnavailableError');
  }

  /** The code of the denial that the call gets. */
  readonly code = 'auth_unavailable';
  /** The name of the class. */
  override readonly name = 'AuthenticationUnavailableError';
}

/** An alert could not be delivered. It was reported, so it is no further failure where it is rejected with. */
export class AlertError extends Error {
  static {
    acrossCopies(AlertError, 'AlertError');
  }

  /** The name of the class. */
  override readonly name = 'AlertError';
}

/** A credential names a key that its issuer may have published since its keys were last fetched. */
export class UnknownKeyError extends AuthenticationUnavailableError {
  /** How long until its keys may be fetched again. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

type BodyErrorCode =
  | 'request_too_large'
  | 'invalid_request'
  | 'too_many_body_bytes'
  | 'server_busy';

/** A request body that could not be read. It becomes the denial with the same code. */
export class BodyError extends Error {
  static {
    acrossCopies(BodyError, 'BodyError');
  }

  override readonly name = 'BodyError';
  readonly code: BodyErrorCode;
  constructor(code: BodyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
