import type { Denial } from '../core/denial.ts';
import type { UpstreamDescriptor } from '../openai/endpoints/descriptor.ts';
import type { PriceTable } from '../openai/prices/prices.ts';
import type { RateCard } from '../openai/prices/rate-card.ts';
import type { BuiltRequest } from '../openai/request/build-request.ts';
import { modelNotAllowed } from '../openai/request/model-not-allowed.ts';
import type { Plan } from '../plans/plan.ts';
import { takes } from '../upstream/dialects/takes.ts';
import type { Route, Upstreams } from '../upstream/upstreams.ts';
import { callableModels } from './callable-models.ts';
import type { Identified } from './states.ts';

export interface RouteParts {
  readonly upstreams: Pick<Upstreams, 'routeOf' | 'narrowed' | 'serves'>;
}

/** Returns where a model goes that the plan allows. `undefined`: nowhere. */
export function findRoute({ upstreams }: RouteParts, plan: Plan, asked: string): Route | undefined {
  return plan.models.allows(asked) ? upstreams.routeOf(asked) : undefined;
}

/** What the dearest target costs in every rate. `undefined` if one of them has no price. */
export function dearestCard(prices: PriceTable, { offers }: Route): RateCard | undefined {
  const [only] = offers;
  return offers.length === 1 && only !== undefined
    ? prices.findAt(only.model, only.provider)
    : prices.dearest(offers);
}

/** What is asked of the upstreams. */
interface Asked {
  readonly endpoint: UpstreamDescriptor;
  readonly built: BuiltRequest;
  readonly plan: Plan;
}

interface FoundRoute {
  /** The model that the request names. */
  readonly asked: string | undefined;
  /** `undefined`: the plan does not allow the model, or no upstream serves it. */
  readonly found: Route | undefined;
}

/** Returns the route over those upstreams that take this request, or why none does. */
export function routeTaking(
  { upstreams }: RouteParts,
  { identity }: Identified,
  { endpoint, built, plan }: Asked,
  { asked = built.model, found }: FoundRoute,
): Route | Denial {
  if (found === undefined || identity.scope?.models?.allows(asked) === false) {
    return modelNotAllowed(asked, callableModels(plan, identity, upstreams));
  }
  if (found.isPlain && plan.policy.allow.vendorFields.length === 0) return found;
  let denial: Denial | undefined;
  const targets = found.targets.filter(({ upstream, model }) => {
    const refusal = takes(upstream.dialect, endpoint, built.body, model);
    denial ??= refusal;
    return refusal === undefined;
  });
  if (denial === undefined) return found;
  return targets.length === 0 ? denial : upstreams.narrowed(found, targets);
}
