import type { GuardRequest } from '../exchange.ts';

const CREDENTIAL_LENGTH_MAX = 8_192;
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i;

/**
 * The one bearer credential of a request; `undefined` when there is none, more than one, or it is not
 * a token of RFC 6750 §2.1 of at most 8 KiB. Never read from the URL, which ends up in logs.
 */
export function bearerCredential(request: GuardRequest): string | undefined {
  const header = request.header('authorization');
  if (header === undefined || header.length > CREDENTIAL_LENGTH_MAX) return undefined;
  return BEARER.exec(header)?.[1];
}
