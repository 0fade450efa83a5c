import { isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import type { Authenticator } from './authenticator.ts';
import { INVALID_CREDENTIAL } from './bearer-credential.ts';

/**
 * Identifies users by the last argument, an authenticator, if every attestation returns `true`. Other
 * calls are denied with `invalid_credential`. The attestations run in order, and only after a good
 * credential, so that a single-use attestation is used up only by its owner.
 *
 * @example
 * ```ts
 * const auth = allOf(
 *   firebaseAppCheck({ projectNumber: '123456789012' }),
 *   firebaseAuth({ projectId: 'my-app' }),
 * );
 * ```
 */
export function allOf(
  ...parts: readonly [Attestation, ...Attestation[], Authenticator]
): Authenticator {
  const authenticator = parts.at(-1);
  const attestations = parts.slice(0, -1);
  if (
    !isAuthenticator(authenticator) ||
    !attestations.every(isAttestation) ||
    attestations.length === 0
  ) {
    throw new TypeError(
      '"allOf" needs at least one attestation (a function), then an authenticator',
    );
  }
  return {
    async authenticate(request, context) {
      const answer = await authenticator.authenticate(request, context);
      if (answer === undefined || isDenial(answer)) return answer;
      for (const attestation of attestations) {
        if ((await attestation(request)) !== true) return INVALID_CREDENTIAL;
      }
      return answer;
    },
  };
}

function isAttestation(part: unknown): part is Attestation {
  return typeof part === 'function';
}

function isAuthenticator(part: unknown): part is Authenticator {
  return typeof part === 'object' && part !== null && 'authenticate' in part;
}

/** Whether a request comes from the genuine app. Throws when this is unknown. It identifies no user. */
export type Attestation = (request: GuardRequest) => boolean | Promise<boolean>;
