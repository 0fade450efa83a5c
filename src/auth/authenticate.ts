import { isPromiseLike } from '../base/deadline.ts';
import type { GuardRequest } from '../core/request.ts';
import { parseUser, type User } from '../core/user.ts';
import type { Identity } from '../plans/scope.ts';
import type { Authenticator } from './authenticator.ts';

type Authenticated = string | User | null | undefined;

/**
 * Trusts your own login: `find` gets the request (the host framework's own one is `request.host`)
 * and answers the user it belongs to, or `null`. What it answers is what is charged; a throw ends
 * the call with 500, and never lets it through. It is not asked for what a page of another site makes a
 * browser send with the user's cookies (`Sec-Fetch-Site: cross-site` and no `Authorization`).
 */
export function authenticate(
  find: (request: GuardRequest) => Authenticated | Promise<Authenticated>,
): Authenticator {
  return {
    authenticate(request) {
      if (isFromAnotherSite(request)) return undefined;
      const answer = find(request);
      return isPromiseLike(answer) ? answer.then(identityOf) : identityOf(answer);
    },
  };
}

function identityOf(answer: Authenticated): Identity | undefined {
  return answer === null || answer === undefined ? undefined : { user: parseUser(answer) };
}

/** An `Authorization` header was put there by code that knows the credential, wherever it runs. */
function isFromAnotherSite(request: GuardRequest): boolean {
  const site = request.header('sec-fetch-site');
  return site === 'cross-site' && request.header('authorization') === undefined;
}
