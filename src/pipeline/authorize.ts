import { after, afterBoth, type Soon } from '../base/deadline.ts';
import { deny, isDenial } from '../core/denial.ts';
import type { ParsedJson } from '../core/json.ts';
import { blockedGroupDenial } from '../groups/group-limits.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import { type BodyBounds, readJson } from '../openai/request/read-json.ts';
import type { LimitDenial } from '../plans/explain-denial.ts';
import type { Plan } from '../plans/plan.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import type { StopRecord } from '../stops/stop-record.ts';
import type { UserStates } from '../users/user-states.ts';
import { type AuthorizeBodyParts, authorizeBody } from './authorize-body.ts';
import type { BodyBudget } from './body-budget.ts';
import { type CalledEndpoint, findCalled } from './called-endpoint.ts';
import type { Hooks } from './hook.ts';
import type { InvalidRequests } from './invalid-requests.ts';
import { denialOfUser, judgeCall } from './judge-call.ts';
import { type LimitsLeftParts, showingLimits, withLimitsLeft } from './limits-left.ts';
import type { ModelCatalog } from './model-catalog.ts';
import { ownAnswer } from './own-answer.ts';
import { type PassHooksParts, passHooks } from './pass-hooks.ts';
import type { Answered, Authorized, Identified } from './states.ts';

export interface AuthorizeParts extends AuthorizeBodyParts, LimitsLeftParts, PassHooksParts {
  readonly plans: PlanResolver;
  readonly groups: UserGroups;
  readonly catalog: Pick<ModelCatalog, 'modelsOf'>;
  readonly states: UserStates;
  readonly stops: Pick<StopRecord, 'get'>;
  /** The largest body of plans that allow only text, and of those that also allow media. */
  readonly bodyBytesMax: { readonly text: number; readonly media: number };
  readonly bodyDeadline: BodyBounds['deadline'];
  readonly invalidRequests: InvalidRequests;
  readonly bodies: BodyBudget;
}

/**
 * Step 2: may this user use this endpoint, this model and these parameters? Rewrites the request so that
 * its cost has an upper bound. The list of models is answered here. The hooks of the app come last.
 */
export function authorize(
  identified: Identified,
  parts: AuthorizeParts,
): Soon<Authorized | Answered | LimitDenial> {
  const { user } = identified.identity;
  return afterBoth(parts.states.get(user.id), parts.stops.get(), (state, stops) => {
    const denial = denialOfUser(parts, identified, state);
    if (denial !== undefined) return denial;
    const called = findCalled(identified.request);
    if (isDenial(called)) return called;
    const stopped = stops.denialFor(called);
    if (stopped !== undefined) return stopped;
    const plan = parts.plans.planOf(user, state);
    return afterBoth(plan, parts.groups.of(user, state), (found, groups) => {
      const refused =
        blockedGroupDenial(groups, parts.clock.nowMs()) ??
        stops.denialFor({ ...called, plan: found });
      return refused ?? authorizeCall(parts, identified, called, found);
    });
  });
}

function authorizeCall(
  parts: AuthorizeParts,
  call: Identified,
  { endpoint, params }: CalledEndpoint,
  plan: Plan,
): Soon<Authorized | Answered | LimitDenial> {
  const { request, identity } = call;
  const scope = identity.scope?.endpoints;
  if (!plan.endpoints.has(endpoint.name) || (scope && !scope.includes(endpoint.name))) {
    const denial = deny('endpoint_not_allowed', `Your plan does not include ${endpoint.path}.`);
    return withLimitsLeft(denial, identity, plan, parts);
  }
  if (endpoint.answer !== undefined) {
    const answered = ownAnswer(endpoint, params, parts.catalog, { plan, identity });
    return after(answered, (answer) => showingLimits(answer, identity, plan, parts));
  }
  const callBody = parts.bodies.roomFor(identity.user.id);
  return callBody.during(() =>
    after(readJson(request, bodyBoundsOf(parts, plan), callBody), (body) => {
      if (isDenial(body)) return withLimitsLeft(body, identity, plan, parts);
      // A body may take long to arrive. What came meanwhile counts: a block, or many invalid requests.
      return afterBoth(parts.states.get(identity.user.id), parts.stops.get(), (state, stops) => {
        const denial = denialOfUser(parts, call, state);
        if (denial !== undefined) return denial;
        return after(parts.groups.of(identity.user, state), (groups) => {
          const allowed = { plan, groups, endpoint, callBody };
          const authorized = authorizeBody(parts, call, allowed, body);
          const judged = judgeCall(parts, authorized, { state, stops, groups });
          if (isDenial(judged)) return withLimitsLeft(judged, identity, plan, parts);
          return parts.hooks === undefined ? judged : hooked(parts, judged, body, parts.hooks);
        });
      });
    }),
  );
}

/** Asks the hooks, which may take long: a block that came meanwhile counts. */
async function hooked(
  parts: AuthorizeParts,
  authorized: Authorized,
  body: ParsedJson,
  hooks: Hooks,
): Promise<Authorized | LimitDenial> {
  const { identity, plan } = authorized;
  const { bytesMax } = bodyBoundsOf(parts, plan);
  const again = (other: ParsedJson) => authorizeBody(parts, authorized, authorized, other);
  const passed = await passHooks({ authorized, body, bytesMax, again }, hooks, parts);
  if (isDenial(passed)) return withLimitsLeft(passed, identity, plan, parts);
  const [state, stops] = await Promise.all([parts.states.get(identity.user.id), parts.stops.get()]);
  const groups = await parts.groups.of(identity.user, state);
  const judged =
    denialOfUser(parts, passed, state) ?? judgeCall(parts, passed, { state, stops, groups });
  return isDenial(judged) ? withLimitsLeft(judged, identity, plan, parts) : judged;
}

function bodyBoundsOf(
  { bodyBytesMax, bodyDeadline }: AuthorizeParts,
  { policy }: Plan,
): BodyBounds {
  const { images, files, audio } = policy.allow;
  const isLarge = (images ?? files ?? audio) !== undefined;
  return { bytesMax: isLarge ? bodyBytesMax.media : bodyBytesMax.text, deadline: bodyDeadline };
}
