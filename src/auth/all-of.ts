import { isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Authenticator } from './authenticator.ts';
import { INVALID_CREDENTIAL } from './bearer-credential.ts';

/**
 * Identifies users as the authenticator, which comes last, does, and only in calls that every attest
 * answers `true` for; others are denied with `invalid_credential`. The attests are asked in turn, and
 * only for a credential that is good, so that what they use up is used up by its owner.
 */
export function allOf(
  ...parts: readonly [Attestation, ...Attestation[], Authenticator]
): Authenticator {
  const authenticator = parts.at(-1);
  const attests = parts.slice(0, -1);
  if (!isAuthenticator(authenticator) || !attests.every(isAttest) || attests.length === 0) {
    throw new TypeError('"allOf" needs at least one attest, a function, and then an authenticator');
  }
  return {
    async authenticate(request, context) {
      const answer = await authenticator.authenticate(request, context);
      if (answer === undefined || isDenial(answer)) return answer;
      for (const attest of attests) {
        if ((await attest(request)) !== true) return INVALID_CREDENTIAL;
      }
      return answer;
    },
  };
}

function isAttest(part: unknown): part is Attestation {
  return typeof part === 'function';
}

function isAuthenticator(part: unknown): part is Authenticator {
  return typeof part === 'object' && part !== null && 'authenticate' in part;
}

/** Says whether a request comes from the genuine app; it names no user. Throws when it cannot tell. */
export type Attestation = (request: GuardRequest) => boolean | Promise<boolean>;
