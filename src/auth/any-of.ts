import { parseOrThrow } from '../base/parse-or-throw.ts';
import { type Authenticator, authenticator } from './authenticator.ts';

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
  authenticators.forEach((each, index) => {
    parseOrThrow(authenticator, each, `anyOf[${index}]`);
  });
  return {
    async authenticate(request, context) {
      for (const each of authenticators) {
        const answer = await each.authenticate(request, context);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
}
