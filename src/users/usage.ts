import { LRUCache } from 'lru-cache';
import { type CreditUsage, type LimitUsage, readUsage } from '../accounts/limit-usage.ts';
import type { CreditAccount } from '../accounts/posted-credits.ts';
import type { Clock } from '../base/clock.ts';
import { activeBlock } from '../core/block.ts';
import { parseUser, type User, type UserId, type UserSpec } from '../core/user.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  type Accounts,
  accountsOf,
  groupAccount,
  groupClaims,
  lookUpLimits,
  userAccount,
} from '../plans/accounts.ts';
import { type GroupLimits, onlyOwn } from '../plans/limit-levels.ts';
import type { Plan } from '../plans/plan.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import type { UserStates } from './user-states.ts';

/** The usage of every limit by one user. */
export interface UserUsage {
  /** The user. */
  readonly userId: string;
  /** The plan that counts now; several are joined by `+`. */
  readonly plan: string;
  /** One for each limit of the user's own plan. */
  readonly limits: readonly LimitUsage[];
  /** The credits of each unit into which a limit of the plan spills, and of each in which the user has some. */
  readonly credits: readonly CreditUsage[];
  /** The groups that they are in, from narrow to wide. */
  readonly groups: readonly UserGroupUsage[];
  /** `undefined` when not blocked now. */
  readonly block: { readonly reason: string; readonly untilMs?: number } | undefined;
}

/** A group of one user. */
export interface UserGroupUsage {
  /** The kind of the group. */
  readonly kind: string;
  /** The id of the group. */
  readonly id: string;
  /** What its members have used together and have left; `undefined` for a kind without `showFigures`. */
  readonly limits: readonly LimitUsage[] | undefined;
  /** Its credits; `undefined` for a kind without `showFigures`. */
  readonly credits: readonly CreditUsage[] | undefined;
}

/** The current plan of one user, and the counters of its limits. */
export interface UserAccount {
  readonly user: User;
  readonly plan: Plan;
  readonly accounts: Accounts;
}

/** The account of the credits of a user. */
export const creditAccount = (user: User): CreditAccount => {
  return { account: userAccount(user), scope: 'own' };
};

export interface UserAccounts {
  /** `call` is the name of the call that was made, for a mistake in its argument. */
  account(user: UserId | UserSpec, call: string): Promise<UserAccount>;
  usage(user: UserId | UserSpec, call?: string): Promise<UserUsage>;
  /** Remembers the user of a verified credential, so that their id alone is enough to find the plan. */
  remember(user: User): void;
}

const SEEN_USERS_MAX = 20_000;

interface UserAccountsParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly plans: PlanResolver;
  readonly groups: UserGroups;
  readonly clock: Clock;
}

export function createUserAccounts(parts: UserAccountsParts): UserAccounts {
  const { ledger, states, plans, clock } = parts;
  const seen = new LRUCache<string, User>({ max: SEEN_USERS_MAX });
  const find = (user: UserId | UserSpec, call: string): User => {
    const parsed = parseUser(user, call);
    return typeof user === 'object' ? parsed : (seen.get(parsed.id) ?? parsed);
  };
  const account = async (given: UserId | UserSpec, call: string): Promise<UserAccount> => {
    const user = find(given, call);
    const plan = await plans.planOf(user, await states.get(user.id));
    const nowMs = clock.nowMs();
    const levels = onlyOwn(plan.limits);
    await lookUpLimits(user, levels, nowMs);
    return { user, plan, accounts: accountsOf({ user }, levels, nowMs) };
  };
  return {
    account,
    async usage(given, call = 'users.usage') {
      const { user, plan, accounts } = await account(given, call);
      const state = await states.get(user.id);
      const groups = await parts.groups.of(user, state);
      const usage = await readUsage(creditAccount(user), accounts.applied, ledger);
      return {
        userId: user.id,
        plan: plan.name,
        ...usage,
        groups: await Promise.all(groups.map((group) => groupUsage(group, user, parts))),
        block: activeBlock(state, clock.nowMs()),
      };
    },
    remember: (user) => void seen.set(user.id, user),
  };
}

async function groupUsage(
  group: GroupLimits,
  user: User,
  { ledger, clock }: Pick<UserAccountsParts, 'ledger' | 'clock'>,
): Promise<UserGroupUsage> {
  const { kind, id, showsFigures } = group;
  if (!showsFigures) return { kind, id, limits: undefined, credits: undefined };
  const claims = groupClaims(group, user, clock.nowMs());
  return { kind, id, ...(await readUsage(groupAccount(group), claims, ledger)) };
}
