import { LRUCache } from 'lru-cache';
import type { User } from '../auth/authenticator.ts';
import type { Clock } from '../clock.ts';
import { isPromiseLike, withHookDeadline } from '../deadline.ts';
import type { Plan } from './plan.ts';

/** Which plan a user has; see the option `planOf`. */
export type PlanOf = (user: User) => string | Promise<string>;

export interface PlanBook {
  /** The user's plan now. Throws when `planOf` fails or names no plan: the call ends with 500. */
  planOf(user: User): Plan | Promise<Plan>;
  /** The next call of this user, or without an id of anyone, asks `planOf` again. */
  forget(userId: string | undefined): void;
}

const CACHED_USERS_MAX = 50_000;

/**
 * A plan that `planOf` answers at once is taken as it is at each call; one that needs a look-up
 * (a promise) is asked once for all calls at the same time and kept for `ttlMs`, unless it fails or is
 * late.
 */
export function createPlanBook(
  plans: ReadonlyMap<string, Plan>,
  planOf: PlanOf,
  { ttlMs, deadlineMs }: { readonly ttlMs: number; readonly deadlineMs: number },
  clock: Clock,
): PlanBook {
  const lookups = new LRUCache<string, { plan: Promise<Plan>; expiresAtMs: number }>({
    max: CACHED_USERS_MAX,
  });
  const named = (name: string): Plan => {
    const plan = plans.get(name);
    if (plan === undefined) throw new TypeError(`"planOf" answered "${name}", which is no plan.`);
    return plan;
  };
  const lookUp = (userId: string, pending: PromiseLike<string>): Promise<Plan> => {
    const answered = withHookDeadline(pending, deadlineMs, 'planOf');
    const plan = Promise.resolve(answered).then(named);
    const entry = { plan, expiresAtMs: clock.nowMs() + ttlMs };
    lookups.set(userId, entry);
    // A failure is not remembered: the next call asks again.
    plan.catch(() => {
      if (lookups.peek(userId) === entry) lookups.delete(userId);
    });
    return plan;
  };
  return {
    planOf(user) {
      const cached = lookups.get(user.id);
      if (cached !== undefined && cached.expiresAtMs > clock.nowMs()) return cached.plan;
      const answer = planOf(user);
      return isPromiseLike(answer) ? lookUp(user.id, answer) : named(answer);
    },
    forget(userId) {
      if (userId === undefined) lookups.clear();
      else lookups.delete(userId);
    },
  };
}
