import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { ParsedJson } from '../core/json.ts';
import { isMoney } from '../ledger/amounts.ts';
import type { PriceList } from '../openai/prices/prices.ts';
import { hasTier, type RateCard } from '../openai/prices/rate-card.ts';
import { boundOf } from '../openai/prices/upper-bound.ts';
import { type BuiltRequest, buildRequest, modelAsked } from '../openai/request/build-request.ts';
import { inputUpperBound } from '../openai/request/input-bound.ts';
import { allLevels, type LimitLevels, levelsOf } from '../plans/limit-levels.ts';
import { levelsCounting } from '../plans/limits-counting.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';
import type { Route } from '../upstream/upstreams.ts';
import { dearestCard, findRoute, type RouteParts, routeTaking } from './route.ts';
import type { Authorized, Identified } from './states.ts';

export interface AuthorizeBodyParts extends RouteParts {
  readonly limits: SharedLimits;
  readonly prices: PriceList;
  /** How many sessions a container can be billed for while an answer is awaited. */
  readonly containerSessions: number;
}

/** What is known of a call before its body is looked at. */
export type Allowed = Pick<Authorized, 'plan' | 'groups' | 'endpoint' | 'callBody'>;

/** May this user send this body? Builds the request that may be sent, with its route, its limits and its bound. */
export function authorizeBody(
  parts: AuthorizeBodyParts,
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
