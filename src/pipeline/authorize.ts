import { after, afterBoth, type Soon } from '../base/deadline.ts';
import { activeBlock } from '../core/block.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { ParsedJson } from '../core/json.ts';
import type { GuardRequest } from '../core/request.ts';
import { blockedGroupDenial } from '../groups/group-limits.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import { isMoney } from '../ledger/amounts.ts';
import type { Descriptor, PathParams } from '../openai/endpoints/descriptor.ts';
import { findEndpoint } from '../openai/endpoints/find-endpoint.ts';
import { unknownEndpoint } from '../openai/endpoints/not-served.ts';
import type { PriceList } from '../openai/prices/prices.ts';
import { hasTier, type RateCard } from '../openai/prices/rate-card.ts';
import { boundOf } from '../openai/prices/upper-bound.ts';
import { type BuiltRequest, buildRequest, modelAsked } from '../openai/request/build-request.ts';
import { inputUpperBound } from '../openai/request/input-bound.ts';
import { queryDenial } from '../openai/request/query-check.ts';
import { type BodyBounds, readJson } from '../openai/request/read-json.ts';
import type { LimitDenial } from '../plans/explain-denial.ts';
import { allLevels, type GroupLimits, type LimitLevels, levelsOf } from '../plans/limit-levels.ts';
import { levelsCounting } from '../plans/limits-counting.ts';
import type { Plan } from '../plans/plan.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import type { StopList } from '../stops/stop-list.ts';
import type { StopRecord } from '../stops/stop-record.ts';
import type { Route } from '../upstream/upstreams.ts';
import {
  activePause,
  blockedDenial,
  restrictedDenial,
  type UserState,
  type UserStates,
} from '../users/user-states.ts';
import type { BodyBudget } from './body-budget.ts';
import type { Hooks } from './hook.ts';
import type { InvalidRequests } from './invalid-requests.ts';
import { type LimitsLeftParts, showingLimits, withLimitsLeft } from './limits-left.ts';
import type { ModelCatalog } from './model-catalog.ts';
import { ownAnswer } from './own-answer.ts';
import { type PassHooksParts, passHooks } from './pass-hooks.ts';
import { dearestCard, findRoute, type RouteParts, routeTaking } from './route.ts';
import type { Answered, Authorized, Identified } from './states.ts';
import { withoutStopped } from './without-stopped.ts';

export interface AuthorizeParts extends RouteParts, LimitsLeftParts, PassHooksParts {
  readonly plans: PlanResolver;
  readonly groups: UserGroups;
  readonly catalog: Pick<ModelCatalog, 'modelsOf'>;
  readonly prices: PriceList;
  readonly states: UserStates;
  readonly stops: Pick<StopRecord, 'get'>;
  /** The largest body of plans that allow only text, and of those that also allow media. */
  readonly bodyBytesMax: { readonly text: number; readonly media: number };
  readonly bodyDeadline: BodyBounds['deadline'];
  readonly invalidRequests: InvalidRequests;
  readonly bodies: BodyBudget;
  /** How many sessions a container can be billed for while an answer is awaited. */
  readonly containerSessions: number;
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
    const called = findEndpointOf(identified.request);
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
  { endpoint, params }: Called,
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
          const judged = judge(parts, authorized, { state, stops, groups });
          if (isDenial(judged)) return withLimitsLeft(judged, identity, plan, parts);
          return parts.hooks === undefined ? judged : hooked(parts, judged, body, parts.hooks);
        });
      });
    }),
  );
}

/** What is known of a call before its body is looked at. */
type Allowed = Pick<Authorized, 'plan' | 'groups' | 'endpoint' | 'callBody'>;

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
    denialOfUser(parts, passed, state) ?? judge(parts, passed, { state, stops, groups });
  return isDenial(judged) ? withLimitsLeft(judged, identity, plan, parts) : judged;
}

/** Returns why no request of this user is looked at now; `undefined` if it is. */
function denialOfUser(
  { clock, invalidRequests }: AuthorizeParts,
  { identity }: Identified,
  state: UserState,
): Denial | undefined {
  const block = state.block && activeBlock(state, clock.nowMs());
  return block ? blockedDenial(block.reason) : invalidRequests.denialFor(identity.user.id);
}

function bodyBoundsOf(
  { bodyBytesMax, bodyDeadline }: AuthorizeParts,
  { policy }: Plan,
): BodyBounds {
  const { images, files, audio } = policy.allow;
  const isLarge = (images ?? files ?? audio) !== undefined;
  return { bytesMax: isLarge ? bodyBytesMax.media : bodyBytesMax.text, deadline: bodyDeadline };
}

/** What may change while a call waits. */
interface Changing {
  readonly state: UserState;
  readonly stops: StopList;
  readonly groups: readonly GroupLimits[];
}

/** Returns the call without its targets that are stopped, or why its model is not called now. */
function judge(
  parts: AuthorizeParts,
  authorized: Authorized | Denial,
  { state, stops, groups }: Changing,
): Authorized | Denial {
  if (isDenial(authorized)) return authorized;
  const denial =
    blockedGroupDenial(groups, parts.clock.nowMs()) ?? pauseIn(parts, state, authorized);
  return denial ?? withoutStopped(authorized, stops, parts);
}

function pauseIn(
  { clock }: AuthorizeParts,
  state: UserState,
  authorized: Authorized,
): Denial | undefined {
  if (state.pauses === undefined) return undefined;
  const pause = activePause(state, authorized.built.model, clock.nowMs());
  return pause && restrictedDenial(pause.model, pause.untilMs);
}

interface Called {
  readonly endpoint: Descriptor;
  readonly params: PathParams;
}

/** The path is compared as it was sent. Decoded or normalised, it could name another path upstream. */
function findEndpointOf(request: GuardRequest): Called | Denial {
  const { method, path, query } = request;
  const found = findEndpoint(path);
  if (found === undefined) return unknownEndpoint(path);
  if (request.header('upgrade')?.toLowerCase() === 'websocket') {
    return deny('endpoint_not_allowed', 'WebSockets are not served here. Use HTTP and "stream".');
  }
  const asked = method === 'HEAD' ? 'GET' : method;
  const endpoint = found.endpoints.find((candidate) => candidate.method === asked);
  if (endpoint === undefined) {
    const allow = found.endpoints.map((candidate) => candidate.method).join(', ');
    return deny('method_not_allowed', `Use ${allow} here.`, { allow });
  }
  const denial = query === '' ? undefined : queryDenial(query, endpoint.ignoredQuery);
  if (denial !== undefined) return denial;
  return { endpoint, params: found.params };
}

function authorizeBody(
  parts: AuthorizeParts,
  call: Identified,
  { plan, groups, endpoint, callBody }: Allowed,
  body: ParsedJson,
): Authorized | Denial {
  const { request, identity } = call;
  const prices = parts.prices.current();
  const asked = modelAsked(endpoint, body.value, plan.policy);
  const found = asked === undefined ? undefined : findRoute(parts, plan, asked);
  const dearest = found && dearestCard(prices, found);
  const asBuilt = buildRequest(endpoint, body.value, plan.policy, body.text, {
    model: found?.model,
    card: dearest,
    containerSessions: parts.containerSessions,
  });
  if (isDenial(asBuilt)) return asBuilt;
  const route = routeTaking(parts, call, { endpoint, built: asBuilt, plan }, { asked, found });
  if (isDenial(route)) return route;
  const built = withRefusalFee(asBuilt, route);
  const rateCard = built.bound?.priced === true ? dearest : undefined;
  const levels = levelsCounting(levelsOf(identity, plan, parts.limits.for(identity.user), groups), {
    endpoint: endpoint.name,
    asked: asked ?? built.model,
    targets: route.targets,
  });
  if (countsMoney(levels)) {
    const unpriced = unpricedDenial(built, rateCard);
    if (unpriced !== undefined) return unpriced;
  }
  const bound = boundOf(built, rateCard, inputUpperBound(body.bytes, built));
  const estimatedInputTokens = Math.ceil((body.bytes - built.inlineBytes) / CHARS_PER_TOKEN);
  return {
    request,
    identity,
    priority: call.priority,
    plan,
    groups,
    levels,
    endpoint,
    callBody,
    built,
    asked: asked ?? built.model,
    route,
    prices,
    rateCard,
    bound,
    estimatedInputTokens,
  };
}

/** Holds what a refusal costs as the fees of hosted tools are held. */
function withRefusalFee(built: BuiltRequest, { refusalFeeNanoUsd }: Route): BuiltRequest {
  if (refusalFeeNanoUsd === 0 || built.bound?.priced !== true) return built;
  return { ...built, hostedFeesNanoUsd: built.hostedFeesNanoUsd + refusalFeeNanoUsd };
}

/** How OpenAI estimates a request against its limits, before the model reads it. */
const CHARS_PER_TOKEN = 4;

/** What has no price cannot be held on a limit that counts money. */
function unpricedDenial(
  { model, serviceTier, bound }: BuiltRequest,
  rateCard: RateCard | undefined,
): Denial | undefined {
  if (bound?.priced !== true) return undefined;
  if (rateCard === undefined) {
    return deny('model_not_priced', `The model "${model}" has no known price.`, { param: 'model' });
  }
  if (hasTier(rateCard, serviceTier)) return undefined;
  const message = `The model "${model}" has no known price in the service tier "${serviceTier}".`;
  return deny('model_not_priced', message, { param: 'service_tier' });
}

const countsMoney = (levels: LimitLevels): boolean =>
  allLevels(levels).some((limits) => limits.some(({ unit }) => isMoney(unit)));
