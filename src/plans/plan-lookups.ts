import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { isPromiseLike, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import type { Plan } from './plan.ts';

/** One plan by its name, or several: of each limit the most generous counts. */
export type PlanNames = string | readonly string[];

/** Which plan a user has; see the option `planOf`. */
export type PlanOf = (user: User) => PlanNames | Promise<PlanNames>;

export interface PlanLookupSettings {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly deadlineMs: number;
}

export interface PlanLookups {
  planOf(user: User): Plan | Promise<Plan>;
  forget(userId: string | undefined): void;
}

const CACHED_USERS_MAX = 50_000;

interface Lookup {
  readonly plan: Promise<Plan>;
  readonly askedAtMs: number;
  /** What the latest look-up that did not fail has answered, and when. */
  known?: KnownPlan | undefined;
}

interface KnownPlan {
  readonly plan: Plan;
  readonly atMs: number;
}

/**
 * A plan that `planOf` answers at once is taken as it is at each call; one that needs a look-up
 * (a promise) is asked once for all calls at the same time and kept for `ttlMs`. While look-ups fail or
 * are late, what the last good one said counts, for `staleMs`; without one, the next call asks again.
 */
export function createPlanLookups(
  planOf: PlanOf,
  named: (names: PlanNames) => Plan,
  { ttlMs, staleMs, deadlineMs }: PlanLookupSettings,
  clock: Clock,
): PlanLookups {
  const lookups = new LRUCache<string, Lookup>({ max: CACHED_USERS_MAX });

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
