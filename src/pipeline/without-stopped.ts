import type { Denial } from '../core/denial.ts';
import type { StopList } from '../stops/stop-list.ts';
import type { RouteParts } from './route.ts';
import type { Authorized } from './states.ts';

/**
 * Returns the call with the route over those targets whose models are not stopped. A denial if the call itself,
 * or all of them are.
 */
export function withoutStopped(
  authorized: Authorized,
  stops: StopList,
  { upstreams }: RouteParts,
): Authorized | Denial {
  const first = stops.denialFor(authorized);
  if (first === undefined) return authorized;
  const { endpoint, plan, asked, route } = authorized;
  const targets = route.targets.filter(
    (target) =>
      stops.denialFor({ endpoint, plan, asked, route: { targets: [target] } }) === undefined,
  );
  return targets.length === 0
    ? first
    : { ...authorized, route: upstreams.narrowed(route, targets) };
}
