import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { isPromiseLike, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import type { NamedPlans } from './named-plans.ts';
import type { Plan } from './plan.ts';
import type { PlanNames } from './plan-names.ts';

/** Which plan a user has; see the option `planOf`. */
export type PlanOf<PlanName extends string = string> = (
  user: User,
) => PlanNames<PlanName> | Promise<PlanNames<PlanName>>;

export interface PlanLookupSettings {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly deadlineMs: number;
  /** Where names of plans are from, for an error. */
  readonly source: string;
}

interface PlanLookups {
  planOf(user: User): Plan | Promise<Plan>;
  forget(userId: string | undefined): void;
}

const CACHED_USERS_MAX = 50_000;

interface Lookup {
  readonly plan: Promise<Plan>;
  readonly askedAtMs: number;
  /** The result of the latest look-up that did not fail, and its time. */
  known?: KnownPlan | undefined;
}

interface KnownPlan {
  readonly plan: Plan;
  readonly atMs: number;
}

/**
 * A plan that `planOf` returns at once is used as it is, on every call. If `planOf` returns a
 * promise, it is called once for all calls at the same time, and the result is kept for `ttlMs`.
 * While look-ups fail or are late, the last good result is used for `staleMs`; without one, the next
 * call tries again.
 */
export function createPlanLookups(
  planOf: PlanOf,
  plans: NamedPlans,
  { ttlMs, staleMs, deadlineMs, source }: PlanLookupSettings,
  clock: Clock,
): PlanLookups {
  const lookups = new LRUCache<string, Lookup>({ max: CACHED_USERS_MAX });
  const named = (names: PlanNames) => plans.find(names, source);

  const orKnown = (known: KnownPlan | undefined, error: unknown): Plan => {
    if (known === undefined || clock.nowMs() - known.atMs >= staleMs) throw error;
    return known.plan;
  };
  const lookUp = (userId: string, pending: PromiseLike<PlanNames>): Promise<Plan> => {
    const before = lookups.peek(userId)?.known;
    const answered = Promise.resolve(withHookDeadline(pending, deadlineMs, 'planOf')).then(named);
    const plan = answered.catch((error: unknown) => orKnown(before, error));
    const lookup: Lookup = { plan, askedAtMs: clock.nowMs(), known: before };
    lookups.set(userId, lookup);
    answered.then(
      (fresh) => {
        lookup.known = { plan: fresh, atMs: clock.nowMs() };
      },
      () => {},
    );
    plan.catch(() => {
      if (lookups.peek(userId) === lookup) lookups.delete(userId);
    });
    return plan;
  };
  return {
    planOf(user) {
      const cached = lookups.get(user.id);
      if (cached !== undefined && cached.askedAtMs + ttlMs > clock.nowMs()) return cached.plan;
      const answer = planOf(user);
      return isPromiseLike(answer) ? lookUp(user.id, answer) : named(answer);
    },
    forget(userId) {
      if (userId === undefined) lookups.clear();
      else lookups.delete(userId);
    },
  };
}
