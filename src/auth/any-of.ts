import type { Authenticator } from './authenticator.ts';

/**
 * Asks each authenticator in turn; the first that finds a credential of its kind decides, be it good
 * or bad. `TypeError` when there is none to ask.
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
