import type { AuthContext, Authenticator } from '../auth/authenticator.ts';
import { INVALID_CREDENTIAL } from '../auth/bearer-credential.ts';
import { after, isPromiseLike, type Soon, withDeadline } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import { AuthenticationUnavailableError } from '../core/errors.ts';
import type { GuardRequest } from '../core/request.ts';
import { parseUser, type User } from '../core/user.ts';
import type { Identity } from '../plans/scope.ts';
import type { Identified, Requested } from './states.ts';

/** Asks the authenticator who is calling; nothing else in the request can name a user. */
export function createIdentify(
  authenticator: Authenticator,
  context: AuthContext,
  deadlineMs: number,
  remember: (user: User) => void,
): (requested: Requested) => Soon<Identified | Denial> {
  // A cached identity is the same object at each call, and was checked at the first.
  const checked = new WeakSet<User>();
  const late = () =>
    new AuthenticationUnavailableError(`"auth" did not answer within ${deadlineMs} ms`);
  const accept = (request: GuardRequest, answer: Identity | Denial | undefined) => {
    if (answer === undefined) return INVALID_CREDENTIAL;
    if (isDenial(answer)) return answer;
    if (!checked.has(answer.user)) {
      parseUser(answer.user);
      checked.add(answer.user);
      remember(answer.user);
    }
    return { request, identity: answer };
  };
  return (requested) => {
    const { request, trustedIdentity } = requested;
    if (trustedIdentity !== undefined) return { request, identity: trustedIdentity };
    const asked = authenticator.authenticate(request, context);
    if (!isPromiseLike(asked)) return accept(request, asked);
    return after(withDeadline(asked, deadlineMs, late), (answer) => accept(request, answer));
  };
}
