import type { Clock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import type { LimitSpec } from './limit-spec.ts';
import { overrideLimits } from './merge-plans.ts';
import type { ModelList } from './model-list.ts';
import { NamedPlans } from './named-plans.ts';
import { parseLimits } from './parse-limits.ts';
import type { Plan } from './plan.ts';
import type { PlanNames } from './plan-names.ts';
import { type LookupSettings, UserLookups } from './user-lookups.ts';

/** Which plan a user has; see the option `planOf`. */
export type PlanOf<PlanName extends string = string> = (
  user: User,
) => PlanNames<PlanName> | Promise<PlanNames<PlanName>>;

export interface PlanLookupSettings extends LookupSettings {
  /** Where names of plans are from, for an error. */
  readonly source: string;
}

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
  /** What each plan allows. */
  readonly models: readonly ModelList[];
  /** Returns the user's plan now. Throws if `planOf` fails or names no plan: the call ends with
   * 500. */
  planOf(user: User, decided: UserOverrides): Plan | Promise<Plan>;
  /** Returns all plans of these names as one. `TypeError` for a name that is no plan, which is from `source`. */
  named(names: PlanNames, source: string): Plan;
  /** The next call of this user, or of any user without an id, calls `planOf` again. */
  forget(userId: string | undefined): void;
}

/** Resolves the plan of each user. */
export function createPlanResolver(
  plans: ReadonlyMap<string, Plan>,
  planOf: PlanOf,
  settings: PlanLookupSettings,
  clock: Clock,
): PlanResolver {
  const named = new NamedPlans(plans);
  const overridden = createOverrides();
  const read = (names: PlanNames) => named.find(names, settings.source);
  const lookups = new UserLookups({ option: 'planOf', ask: planOf, read }, settings, clock);
  return {
    models: [...plans.values()].map(({ models }) => models),
    named: (names, source) => named.find(names, source),
    forget: (userId) => lookups.forget(userId),
    planOf(user, { plan: pushed, limits }) {
      const names = pushed === undefined ? NO_NAMES : activeNames(pushed, clock.nowMs());
      const plan = names.length > 0 ? named.find(names, WAS_SET) : lookups.of(user);
      if (limits === undefined) return plan;
      return isPromiseLike(plan)
        ? plan.then((found) => overridden(found, limits))
        : overridden(plan, limits);
    },
  };
}

const WAS_SET = '"users.setPlan" or a billing webhook has set';
const NO_NAMES: readonly string[] = [];

function activeNames({ names, untilMs, endsMs }: PushedPlan, nowMs: number): readonly string[] {
  if (untilMs !== undefined && nowMs >= untilMs) return NO_NAMES;
  if (endsMs === undefined) return names;
  return names.filter((name) => nowMs < (endsMs[name] ?? Number.POSITIVE_INFINITY));
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
