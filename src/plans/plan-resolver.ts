import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from './limit-spec.ts';
import { mergePlans, overrideLimits } from './merge-plans.ts';
import { parseLimits } from './parse-limits.ts';
import type { Plan } from './plan.ts';
import { createPlanLookups, type PlanLookupSettings, type PlanOf } from './plan-lookups.ts';
import type { PlanNames } from './plan-names.ts';

export type { PlanOf } from './plan-lookups.ts';

/** What the operator, or billing, decided for one user. */
export interface UserOverrides {
  readonly plan?: PushedPlan;
  /** Each replaces the plan's limit that counts the same, or is added. */
  readonly limits?: readonly LimitSpec[];
}

export interface PushedPlan {
  /** Empty if `planOf` decides again. */
  readonly names: readonly string[];
  /** The later of two pushes counts, in whichever order they arrive. */
  readonly asOfMs: number;
  readonly untilMs?: number;
  /** When single ones of `names` end, Unix ms. */
  readonly endsMs?: Readonly<Record<string, number>>;
}

export interface PlanResolver {
  /** Returns the user's plan now. Throws if `planOf` fails or names no plan: the call ends with
   * 500. */
  planOf(user: User, decided: UserOverrides): Plan | Promise<Plan>;
  /** Returns all plans of these names as one. Throws a `TypeError` for a name that is no plan. */
  named(names: PlanNames): Plan;
  /** The next call of this user, or of any user without an id, calls `planOf` again. */
  forget(userId: string | undefined): void;
}

const CACHED_COMBINATIONS_MAX = 1_000;
/** Plans that a user can have at once. */
export const NAMES_MAX = 16;

/** Resolves the plan of each user. */
export function createPlanResolver(
  plans: ReadonlyMap<string, Plan>,
  planOf: PlanOf,
  settings: PlanLookupSettings,
  clock: Clock,
): PlanResolver {
  const named = createNames(plans);
  const overridden = createOverrides();
  const lookups = createPlanLookups(planOf, named, settings, clock);
  return {
    named,
    forget: lookups.forget,
    planOf(user, { plan: pushed, limits }) {
      const names = pushed === undefined ? NO_NAMES : activeNames(pushed, clock.nowMs());
      const plan = names.length > 0 ? named(names) : lookups.planOf(user);
      if (limits === undefined) return plan;
      return isPromiseLike(plan)
        ? plan.then((found) => overridden(found, limits))
        : overridden(plan, limits);
    },
  };
}

const NO_NAMES: readonly string[] = [];

function activeNames({ names, untilMs, endsMs }: PushedPlan, nowMs: number): readonly string[] {
  if (untilMs !== undefined && nowMs >= untilMs) return NO_NAMES;
  if (endsMs === undefined) return names;
  return names.filter((name) => nowMs < (endsMs[name] ?? Number.POSITIVE_INFINITY));
}

function createNames(plans: ReadonlyMap<string, Plan>): (names: PlanNames) => Plan {
  const merged = new LRUCache<string, Plan>({ max: CACHED_COMBINATIONS_MAX });
  const one = (name: unknown): Plan => {
    const plan = typeof name === 'string' ? plans.get(name) : undefined;
    if (plan === undefined) throw new TypeError(`"${String(name)}" is no plan.`);
    return plan;
  };
  return (names) => {
    if (!Array.isArray(names)) return one(names);
    const [first, ...others] = new Set<unknown>(names);
    if (others.length === 0) return one(first);
    if (others.length >= NAMES_MAX) throw new TypeError(`A user has at most ${NAMES_MAX} plans.`);
    const combination = JSON.stringify([first, ...others]);
    const known = merged.get(combination);
    if (known !== undefined) return known;
    const plan = mergePlans([one(first), ...others.map(one)]);
    merged.set(combination, plan);
    return plan;
  };
}

/** What is derived from a plan is the same object while plan and limits are the same. */
function createOverrides(): (plan: Plan, limits: readonly LimitSpec[]) => Plan {
  const known = new WeakMap<readonly LimitSpec[], WeakMap<Plan, Plan>>();
  return (plan, limits) => {
    const ofLimits = known.get(limits) ?? new WeakMap<Plan, Plan>();
    known.set(limits, ofLimits);
    const found = ofLimits.get(plan) ?? overrideLimits(plan, parseLimits(limits, 'users.limits'));
    ofLimits.set(plan, found);
    return found;
  };
}
