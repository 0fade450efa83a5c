/** A failure of a store. The call it concerns was refused; nothing is half done. May be retried. */
export class LedgerError extends Error {
  readonly code = 'ledger_unavailable';
  override readonly name = 'LedgerError';
}

/**
 * Whether a credential is good cannot be told now, because its issuer cannot be reached. The call was
 * refused with `auth_unavailable`, never with 401, which would log users out. May be retried.
 */
export class AuthenticationUnavailableError extends Error {
  readonly code = 'auth_unavailable';
  override readonly name = 'AuthenticationUnavailableError';
}

/** A request body that could not be had; becomes the denial of the same code. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly code: 'request_too_large' | 'invalid_request';
  constructor(code: 'request_too_large' | 'invalid_request', message: string) {
    super(message);
    this.code = code;
  }
}
