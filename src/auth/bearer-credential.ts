import { type Denial, deny } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';

const CREDENTIAL_LENGTH_MAX = 8_192;
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

/**
 * Returns the bearer credential of a request; `undefined` when there is none or more than one, or when it
 * is not a token of RFC 6750 §2.1 of at most 8 KiB. The URL is never read, because URLs end up in logs.
 *
 * @example
 * ```ts
 * import type { GuardRequest } from 'guarded-completion';
 *
 * const auth = {
 *   authenticate(request: GuardRequest) {
 *     const credential = bearerCredential(request);
 *     return credential === undefined ? undefined : { user: { id: credential } };
 *   },
 * };
 * ```
 */
export function bearerCredential(request: GuardRequest): string | undefined {
  const header = request.header('authorization');
  if (header === undefined || header.length > CREDENTIAL_LENGTH_MAX) return undefined;
  return BEARER.exec(header)?.[1];
}

/**
 * The answer to every credential that is missing, foreign or bad. It is always the same, so that it does
 * not reveal which check failed.
 */
export const INVALID_CREDENTIAL = deny(
  'invalid_credential',
  'No valid credential was sent. Send "Authorization: Bearer <token>" with the token of the app’s login, or one that its backend issued.',
);

/** The answer to a key of OpenAI, which no client should have. */
const OPENAI_KEY = deny(
  'invalid_credential',
  'That is a key of OpenAI, which is not accepted here. Send "Authorization: Bearer <token>" with the token of the app’s login, or one that its backend issued. If the key was in the app, replace it at OpenAI.',
);

/** The answer to a request whose credential no authenticator accepts. */
export function invalidCredential(request: GuardRequest): Denial {
  return bearerCredential(request)?.startsWith('sk-') ? OPENAI_KEY : INVALID_CREDENTIAL;
}

/** The answer to a credential that is good apart from its end. */
export const EXPIRED_CREDENTIAL = deny(
  'expired_credential',
  'The credential has expired. Refresh it, or sign in again, and send the new one.',
);
