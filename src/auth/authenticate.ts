import { isPromiseLike } from '../base/deadline.ts';
import { callback } from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { GuardRequest } from '../core/request.ts';
import { parseUser, type UserId, type UserSpec } from '../core/user.ts';
import type { Identity } from '../plans/plan.ts';
import type { Authenticator } from './authenticator.ts';

type Authenticated = UserId | UserSpec | null | undefined;

/** A request, with the object that the host framework has for it. */
export interface HostedRequest<Host> extends GuardRequest {
  /** Express `request`, Fastify `request`, Koa and Hono context, node:http `IncomingMessage`, or `Request`. */
  readonly host: Host;
}

/**
 * Uses your own login. `find` receives the request and returns its user or their id, or `null`. `request.host` is the
 * request of the host framework, with what your middleware has put on it. Its type is `Host`, which you
 * name and no code checks: it must be what your adapter passes. The returned user is charged. If `find` throws, the call
 * ends with 500. `find` is not called for cross-site browser requests (`Sec-Fetch-Site: cross-site` and
 * no `Authorization`), because a page of another site can make a browser send the user's cookies.
 *
 * @example
 * ```ts
 * const auth = authenticate(async (request) => {
 *   const account = await findAccount(request.header('x-session') ?? '');
 *   return { id: account.id, plan: account.plan };
 * });
 * const withSession = authenticate<{ session: { userId?: string } }>(({ host }) => host.session.userId);
 * ```
 */
export function authenticate<Host = unknown>(
  find: (request: HostedRequest<Host>) => Authenticated | Promise<Authenticated>,
): Authenticator {
  parseOrThrow(callback(), find, 'authenticate');
  return {
    authenticate(request) {
      if (isFromAnotherSite(request)) return undefined;
      const answer = find(request as HostedRequest<Host>);
      return isPromiseLike(answer) ? answer.then(identityOf) : identityOf(answer);
    },
  };
}

function identityOf(answer: Authenticated): Identity | undefined {
  return answer === null || answer === undefined
    ? undefined
    : { user: parseUser(answer, 'authenticate') };
}

/** A request with an `Authorization` header comes from code that has the credential, on any site. */
function isFromAnotherSite(request: GuardRequest): boolean {
  const site = request.header('sec-fetch-site');
  return site === 'cross-site' && request.header('authorization') === undefined;
}
