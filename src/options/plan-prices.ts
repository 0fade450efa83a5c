import type { User } from '../core/user.ts';
import type { GroupKinds } from '../groups/group-kinds.ts';
import { isMoney } from '../ledger/amounts.ts';
import type { PriceTable } from '../openai/prices/prices.ts';
import { hasTier, writes } from '../openai/prices/rate-card.ts';
import type { Plan } from '../plans/plan.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';

/** The limits by which the calls of a plan may count money. */
export interface MoneyCounting {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly groups: GroupKinds;
  readonly limits: SharedLimits;
}

/** Anonymous users have all shared limits. */
const ANONYMOUS_USER: User = { id: '', anonymous: true };

/** The models that plans name exactly, where a limit counts money. A pattern is decided at each call. */
function* namedModels({ plans, groups, limits }: MoneyCounting) {
  const shared = [limits.for(ANONYMOUS_USER), ...groups.all.map((kind) => kind.limits)].flat();
  for (const plan of plans.values()) {
    const ofMoney = [...shared, ...plan.limits].filter(({ unit }) => isMoney(unit));
    const isCounted = (model: string) =>
      ofMoney.some(({ filter }) => filter?.models?.allows(model) ?? true);
    for (const model of plan.models.names) if (isCounted(model)) yield { plan, model };
  }
}

/** Returns a service tier that a plan allows and that has no price for a model that it names. */
export function unpricedTier(counting: MoneyCounting, prices: PriceTable) {
  for (const { plan, model } of namedModels(counting)) {
    const card = prices.find(model);
    // Models that write nothing (embeddings) have no service tiers.
    if (card === undefined || !writes(card)) continue;
    const tier = plan.policy.allow.serviceTiers.find((name) => !hasTier(card, name));
    if (tier !== undefined) return { plan: plan.name, tier, model };
  }
  return undefined;
}

/** Returns a model that a plan names, and that had a price before and has none after. */
export function lostPrice(counting: MoneyCounting, before: PriceTable, after: PriceTable) {
  for (const { plan, model } of namedModels(counting)) {
    const isLost = before.find(model) !== undefined && after.find(model) === undefined;
    if (isLost) return { plan: plan.name, model };
  }
  return undefined;
}
