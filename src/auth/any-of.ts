import type { Authenticator } from './authenticator.ts';

/**
 * Tries the authenticators in order. The first that finds a credential of its kind decides, whether the
 * credential is good or bad. `TypeError` without an authenticator.
 *
 * @example
 * ```ts
 * const auth = anyOf(userTokens(), firebaseAuth({ projectId: 'my-app' }));
 * ```
 */
export function anyOf(...authenticators: readonly Authenticator[]): Authenticator {
  if (authenticators.length === 0) {
    throw new TypeError('"anyOf" needs at least one authenticator');
  }
  return {
    async authenticate(request, context) {
      for (const authenticator of authenticators) {
        const answer = await authenticator.authenticate(request, context);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
}
