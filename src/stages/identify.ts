import type { AuthContext, Authenticator, Identity, User } from '../auth/authenticator.ts';
import { INVALID_CREDENTIAL } from '../auth/refusals.ts';
import { after, isPromiseLike, type Soon, withDeadline } from '../deadline.ts';
import { AuthenticationUnavailableError, type Denial, isDenial } from '../errors.ts';
import type { GuardAnswer, GuardRequest } from '../exchange.ts';
import { parseUser } from '../users/parse-user.ts';

/** A call at the start of the line. */
export interface Requested {
  readonly request: GuardRequest;
  /** Set by server code, which vouches for its user itself; HTTP never sets it. */
  readonly vouched?: Identity | undefined;
}

export interface Identified extends Requested {
  readonly identity: Identity;
}

/** Turns a denial into the answer that OpenAI's clients understand. */
export type Refuse = (denial: Denial, at: Requested | Identified) => GuardAnswer;

/** Asks the authenticator who is calling; nothing else in the request can name a user. */
export function createIdentify(
  authenticator: Authenticator,
  context: AuthContext,
  deadlineMs: number,
  saw: (user: User) => void,
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
      saw(answer.user);
    }
    return { request, identity: answer };
  };
  return (requested) => {
    const { request, vouched } = requested;
    if (vouched !== undefined) return { request, identity: vouched };
    const asked = authenticator.authenticate(request, context);
    if (!isPromiseLike(asked)) return accept(request, asked);
    return after(withDeadline(asked, deadlineMs, late), (answer) => accept(request, answer));
  };
}
