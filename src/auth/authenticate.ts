import { isPromiseLike } from '../deadline.ts';
import type { GuardRequest } from '../exchange.ts';
import { parseUser } from '../users/parse-user.ts';
import type { Authenticator, Identity, User } from './authenticator.ts';

type Answer = string | User | null | undefined;

/**
 * Trusts your own login: `find` gets the request (the host framework's own one is `request.host`)
 * and answers the user it belongs to, or `null`. What it answers is what is charged; a throw ends
 * the call with 500, and never lets it through.
 */
export function authenticate(
  find: (request: GuardRequest) => Answer | Promise<Answer>,
): Authenticator {
  return {
    authenticate(request) {
      const answer = find(request);
      return isPromiseLike(answer) ? answer.then(identityOf) : identityOf(answer);
    },
  };
}

function identityOf(answer: Answer): Identity | undefined {
  return answer === null || answer === undefined ? undefined : { user: parseUser(answer) };
}
