import { AuthenticationUnavailableError, type Denial, deny, LedgerError } from './errors.ts';
import type { FailedEvent } from './events.ts';

const LEDGER_DOWN = deny('ledger_unavailable', 'Usage cannot be counted at the moment.', {
  degraded: true,
});
const AUTH_DOWN = deny('auth_unavailable', 'Credentials cannot be checked at the moment.');
const OWN_FAULT = deny('internal_error', 'The service could not handle the request.');

export interface Failure {
  readonly what: FailedEvent['what'];
  readonly denial: Denial;
}

/** What the operator and the client are told of something that was thrown; the client, nothing of the
 * inside. */
export function failureOf(error: unknown): Failure {
  if (error instanceof LedgerError) return { what: 'ledger', denial: LEDGER_DOWN };
  if (error instanceof AuthenticationUnavailableError) return { what: 'auth', denial: AUTH_DOWN };
  return { what: 'internal', denial: OWN_FAULT };
}
