import { type Unit, unitName } from '../ledger/amounts.ts';
import type { Settings } from '../options/guard-options.ts';
import type { Limit } from '../plans/limit.ts';

/** Units of which no endpoint of this version uses anything. */
const IDLE: ReadonlySet<Unit> = new Set(['images', 'seconds']);

/** Returns a sentence for each limit in a unit of which no call uses anything yet. */
export function* idleLimits({
  plans,
  groups,
  limits,
}: Pick<Settings, 'plans' | 'groups' | 'limits'>): Generator<[name: string, string]> {
  for (const plan of plans.values()) yield* idleIn(plan.limits, `Plan "${plan.name}"`);
  for (const kind of groups.all) yield* idleIn(kind.limits, `Groups of the kind "${kind.name}"`);
  yield* idleIn(limits.for({ id: 'anonymous', anonymous: true }), 'All users');
}

function* idleIn(limits: readonly Limit[], whose: string): Generator<[name: string, string]> {
  for (const { name, unit } of limits) {
    if (!IDLE.has(unit)) continue;
    const sentence = `${whose}: the limit "${name}" counts ${unitName(unit)}. No endpoint that this version serves uses them, so the limit never refuses a call.`;
    yield [`${whose} ${name}`, sentence];
  }
}
