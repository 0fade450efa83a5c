import type { AuthContext, Authenticator } from '../auth/authenticator.ts';
import { INVALID_CREDENTIAL, invalidCredential } from '../auth/bearer-credential.ts';
import { isPromiseLike, type Soon, withDeadline } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import { AuthenticationUnavailableError } from '../core/errors.ts';
import type { GuardRequest } from '../core/request.ts';
import { parseUser, type User } from '../core/user.ts';
import type { Identity } from '../plans/plan.ts';
import type { GuardUsers } from '../users/users.ts';
import type { Identified, Requested } from './states.ts';

export interface IdentifyParts {
  readonly authenticator: Authenticator;
  readonly authContext: AuthContext;
  readonly users: Pick<GuardUsers, 'remember'>;
  /** Users who were checked. A cached identity is the same object on each call. */
  readonly checkedUsers: WeakSet<User>;
  /** Longest wait for the authenticator. */
  readonly hookMs: number;
}

/** Step 1: who is this? Only the authenticator names the user; nothing else in the request can. */
export function identify(requested: Requested, parts: IdentifyParts): Soon<Identified | Denial> {
  const { request, trustedIdentity, priority } = requested;
  if (trustedIdentity !== undefined) return { request, identity: trustedIdentity, priority };
  const answer = parts.authenticator.authenticate(request, parts.authContext);
  return isPromiseLike(answer)
    ? identifyLater(request, answer, parts)
    : accept(request, answer, parts);
}

type Answer = Identity | Denial | undefined;

async function identifyLater(
  request: GuardRequest,
  answer: PromiseLike<Answer>,
  parts: IdentifyParts,
): Promise<Identified | Denial> {
  const { hookMs } = parts;
  const late = () =>
    new AuthenticationUnavailableError(`"auth" did not answer within ${hookMs} ms`);
  return accept(request, await withDeadline(answer, hookMs, late), parts);
}

function accept(
  request: GuardRequest,
  answer: Answer,
  { checkedUsers, users }: IdentifyParts,
): Identified | Denial {
  if (answer === undefined || answer === INVALID_CREDENTIAL) return invalidCredential(request);
  if (isDenial(answer)) return answer;
  const { user } = answer;
  if (checkedUsers.has(user)) return { request, identity: answer };
  const parsed = parseUser(user, 'auth.user');
  const isText = parsed.id === user.id;
  const known = isText ? user : parsed;
  checkedUsers.add(known);
  users.remember(known);
  return { request, identity: isText ? answer : { ...answer, user: known } };
}
