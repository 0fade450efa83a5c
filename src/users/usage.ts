import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { NANO_USD_PER_USD } from '../base/money.ts';
import { parseUser, type User } from '../core/user.ts';
import type { Balance, Claim, Ledger } from '../ledger/ledger.ts';
import { accountsOf } from '../plans/accounts.ts';
import type { Limit } from '../plans/limit.ts';
import type { Plan } from '../plans/plan.ts';
import type { PlanBook } from '../plans/plan-book.ts';
import { activeBlock, type UserStates } from './user-states.ts';

export interface LimitUsage {
  readonly name: string;
  /** `usd` is in dollars here; everything else in whole units. */
  readonly unit: 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'usd' | 'concurrent';
  readonly limit: number;
  readonly used: number;
  /** Held by calls in flight. */
  readonly held: number;
  readonly remaining: number;
  /** When there is next more room by time alone, Unix ms; `undefined` when it is all free, or waits
   * for calls in flight. */
  readonly resetsAtMs: number | undefined;
}

export interface UserUsage {
  readonly userId: string;
  readonly plan: string;
  readonly limits: readonly LimitUsage[];
  /** `undefined` when not blocked now. */
  readonly block: { readonly reason: string; readonly untilMs?: number } | undefined;
}

/** One user's plan now, and the counters of its limits. */
export interface UserAccount {
  readonly user: User;
  readonly plan: Plan;
  readonly limits: readonly Limit[];
  readonly claims: readonly Claim[];
}

export interface UserAccounts {
  account(user: string | User): Promise<UserAccount>;
  usage(user: string | User): Promise<UserUsage>;
  /** Remembers what a verified credential said, so that an id alone finds the plan. */
  saw(user: User): void;
}

const SEEN_USERS_MAX = 20_000;

export function createUserAccounts(
  ledger: Ledger,
  states: UserStates,
  plans: PlanBook,
  clock: Clock,
): UserAccounts {
  const seen = new LRUCache<string, User>({ max: SEEN_USERS_MAX });
  const find = (user: string | User): User => {
    const parsed = parseUser(user);
    return typeof user === 'string' ? (seen.get(parsed.id) ?? parsed) : parsed;
  };
  const account = async (given: string | User): Promise<UserAccount> => {
    const user = find(given);
    const plan = await plans.planOf(user, await states.get(user.id));
    const { limits, claims } = accountsOf({ user }, plan.limits, [], clock.nowMs());
    return { user, plan, limits, claims };
  };
  return {
    account,
    async usage(given) {
      const { user, plan, limits, claims } = await account(given);
      const balances = await ledger.read(claims);
      const block = activeBlock(await states.get(user.id), clock.nowMs());
      const rows = limits.flatMap((limit, index) => usageRow(limit, balances[index]));
      return { userId: user.id, plan: plan.name, limits: rows, block };
    },
    saw: (user) => void seen.set(user.id, user),
  };
}

function usageRow(limit: Limit, balance: Balance | undefined): LimitUsage[] {
  if (balance === undefined) return [];
  const money = limit.unit === 'nanoUsd';
  const shown = (amount: number) => (money ? amount / NANO_USD_PER_USD : amount);
  return [
    {
      name: limit.name,
      unit: limit.unit === 'nanoUsd' ? 'usd' : limit.unit,
      limit: shown(limit.amount),
      used: shown(balance.used),
      held: shown(balance.held),
      remaining: shown(balance.remaining),
      resetsAtMs: balance.resetsAtMs,
    },
  ];
}
