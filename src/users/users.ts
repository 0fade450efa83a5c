import { type BlockSpec, parseBlock } from '../accounts/block.ts';
import { forgiveAll, type Grant, grantTo, takeBackFrom } from '../accounts/grant.ts';
import type { Page, PageSpec } from '../accounts/page.ts';
import type { Clock } from '../base/clock.ts';
import type { Known } from '../base/known.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Events } from '../core/events.ts';
import { type GroupSpec, parseGroups } from '../core/group.ts';
import { parseUser, parseUserId, type UserId, type UserSpec } from '../core/user.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LimitSpec, Per } from '../plans/limit-spec.ts';
import { limitsAllowing, storableLimits } from '../plans/parse-limits.ts';
import type { PlanNames } from '../plans/plan-names.ts';
import type { PlanResolver } from '../plans/plan-resolver.ts';
import { type BlockedUser, BlockedUsers } from './blocked-users.ts';
import type { EndUserIds, ListedUser } from './end-user-ids.ts';
import { createMerge } from './merge-users.ts';
import { createUserAccounts, creditAccount, type UserAccounts, type UserUsage } from './usage.ts';
import { type SetPlanOptions, setPlanOptions } from './user-options.ts';
import type { UserStates } from './user-states.ts';

/** Operates on users, by the ids that your authenticator gives them. */
export interface Users<PlanName extends string = string> {
  /** Returns what the user has used and has left in every limit of their current plan. Changes nothing. */
  usage(user: UserId | UserSpec): Promise<UserUsage>;
  /** Denies every call of this user, in every process within 1 s. Running streams are cut and settled.
   * The block ends at `until`, or stays without it. A repeat replaces the block. */
  block(userId: UserId, block: BlockSpec): Promise<void>;
  /** Ends a block and every pause of a model, in every process within 1 s. May be repeated. */
  unblock(userId: UserId): Promise<void>;
  /**
   * Gives more of each limit in its current window, once, until the window ends; a limit `per: 'ever'` has more for
   * good, and a rate at most its burst. With `to: 'credits'`: gives credits, which never end and do not depend on the
   * plan. They are used when a limit with `then: 'credits'` is used up. With an `id` they are given once, however
   * often the call repeats. `TypeError` for an amount that is negative, a fraction of a whole unit, or missing, and
   * for what no limit counts.
   *
   * @example
   * ```ts
   * await guard.users.grant('ada', { requests: 100, to: 'credits', id: payment.id });
   * ```
   */
  grant(user: UserId | UserSpec, grant: Grant): Promise<UserUsage>;
  /** Takes back the credits that a grant with this id gave, once, such as after a refund. What was used of them is
   * taken too, so that less than zero may be left. Returns false if the grant has given nothing; then it never will. */
  takeBack(user: UserId | UserSpec, id: string): Promise<boolean>;
  /** Sets what was used in the current windows to zero. Holds of calls in flight stay, and so do credits. */
  reset(user: UserId | UserSpec): Promise<UserUsage>;
  /** Drops the cached plan and groups of this user, so that the next call asks `planOf` and `groupsOf` again, in
   * every process within 1 s. */
  changed(userId: UserId): Promise<void>;
  /**
   * Gives this user a plan, or several at once, which overrides `planOf` in every process within 1 s,
   * until `until`. Without a plan, `planOf` decides again. Returns false and changes nothing when a plan
   * with a later `asOf` (default now) is stored, so that events of a billing system may repeat and arrive
   * out of order. `TypeError` for a name that is not a plan.
   */
  setPlan<Given extends string>(
    userId: UserId,
    plan: PlanNames<Known<PlanName, Given>> | undefined,
    options?: SetPlanOptions,
  ): Promise<boolean>;
  /** Sets limits for this user alone, in every process within 1 s. Each replaces the limit of the plan
   * that counts the same unit over the same span, or is added. Without limits, those of the plan apply
   * again. `TypeError` for a limit that is wrong, names a model that no plan allows, or has a function as its
   * `anchor`. */
  setLimits<Window extends string>(
    userId: UserId,
    limits: readonly LimitSpec<Known<Per, Window>>[] | undefined,
  ): Promise<void>;
  /** Sets the groups of this user, which override `groupsOf` and their credential, in every process within 1 s.
   * `[]`: none. Without groups, `groupsOf` or the credential decides again. What they used stays used in the groups
   * that they leave. `TypeError` for more than 4 groups, two of one kind, or a kind that the option `groups` has
   * not. */
  setGroups(userId: UserId, groups: readonly GroupSpec[] | undefined): Promise<void>;
  /**
   * Counts what `from` used in the current windows as used by `to`, in the limits that both have, and
   * copies a block of `from` to `to`. What is left of the credits of `from` moves to `to`, once. Call it when an
   * anonymous user signs up. `from` keeps its own counts, so that repeated sign-ups give no extra room. Returns false and changes nothing when these
   * two were merged before. May be repeated after a failure.
   */
  merge(from: UserId | UserSpec, to: UserId | UserSpec): Promise<boolean>;
  /**
   * Returns the id of the user behind a safety identifier that OpenAI sent, up to 400 days after their
   * last call in any process; `undefined` for an unknown identifier, or if `rememberEndUserIds` is off.
   * With `memoryLedger()` only the last 20,000 users of this process are known.
   */
  byEndUserId(endUserId: string): Promise<string | undefined>;
  /**
   * Returns the users who called within the last 400 days, in any process, by pages, in no particular order: one entry
   * for each end-user id that they had. A user is listed seconds after their first call. Not listed are users who were
   * only blocked, given a plan or a token, and who never called. With `memoryLedger()`: the last 20,000 users of this process. `TypeError`
   * for a cursor or a limit that is wrong, and if `rememberEndUserIds` is off.
   *
   * @example
   * ```ts
   * let cursor: string | undefined;
   * do {
   *   const page = await guard.users.list({ cursor });
   *   for (const { userId } of page.entries) console.log(userId);
   *   cursor = page.cursor;
   * } while (cursor !== undefined);
   * ```
   */
  list(page?: PageSpec): Promise<Page<ListedUser>>;
  /**
   * Returns the users who are blocked now, with the reason, by pages, in no particular order. A block that was written
   * by a version without this list is listed from its next write on. `TypeError` for a cursor or a limit that is wrong.
   *
   * @example
   * ```ts
   * const { entries } = await guard.users.blocked();
   * for (const { userId, reason } of entries) console.log(userId, reason);
   * ```
   */
  blocked(page?: PageSpec): Promise<Page<BlockedUser>>;
}

interface UsersParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly plans: PlanResolver;
  readonly groups: UserGroups;
  readonly endUserIds: Pick<EndUserIds, 'find' | 'list'>;
  readonly events: Events;
  readonly clock: Clock;
}

export interface GuardUsers extends Users {
  readonly remember: UserAccounts['remember'];
}

export function createUsers(parts: UsersParts): GuardUsers {
  const { ledger, states, events, clock } = parts;
  const accounts = createUserAccounts(parts);
  const blockedUsers = new BlockedUsers({ records: ledger.records, states, clock });
  const granted = async (user: UserId | UserSpec, call: string) => {
    const { user: owner, plan, accounts: found } = await accounts.account(user, call);
    const source = `the plan "${plan.name}"`;
    return { ...creditAccount(owner), claims: found.applied, source };
  };
  return {
    usage: (user) => accounts.usage(user),
    remember: accounts.remember,
    merge: createMerge({ ledger, states, accounts, blockedUsers, clock }),
    byEndUserId: parts.endUserIds.find,
    ...createUserOverrides(parts),
    async block(userId, block) {
      const stored = parseBlock(block, 'users.block');
      const id = parseUserId(userId, 'users.block');
      await blockedUsers.block(id, stored);
      events.emit('blocked', { userId: id, reason: stored.reason });
    },
    unblock: async (userId) => blockedUsers.unblock(parseUserId(userId, 'users.unblock')),
    list: (page) => parts.endUserIds.list(page),
    blocked: async (page) => blockedUsers.list(page),
    async grant(user, grant) {
      await grantTo(await granted(user, 'users.grant'), grant, ledger, 'users.grant');
      return accounts.usage(user);
    },
    async takeBack(user, id) {
      const owner = creditAccount(parseUser(user, 'users.takeBack'));
      return takeBackFrom(owner, id, ledger, 'users.takeBack');
    },
    async reset(user) {
      await forgiveAll(await granted(user, 'users.reset'), ledger);
      return accounts.usage(user);
    },
  };
}

/** The methods that override a user's plan. */
function createUserOverrides({
  states,
  plans,
  groups: { kinds },
  clock,
}: UsersParts): Pick<Users, 'changed' | 'setPlan' | 'setLimits' | 'setGroups'> {
  return {
    async changed(userId) {
      // Every write is announced to every process. This one changes nothing.
      await states.update(parseUserId(userId, 'users.changed'), (state) => state);
    },
    async setPlan(userId, plan, options = {}) {
      const { until, asOf } = parseOrThrow(setPlanOptions, options, 'users.setPlan');
      const names = plan === undefined ? [] : [plan].flat();
      if (names.length > 0) plans.named(names, '"users.setPlan" got');
      const asOfMs = asOf?.getTime() ?? clock.nowMs();
      const pushed = { names, asOfMs, ...(until && { untilMs: until.getTime() }) };
      const state = await states.update(parseUserId(userId, 'users.setPlan'), (current) =>
        (current.plan?.asOfMs ?? 0) > asOfMs ? current : { ...current, plan: pushed },
      );
      return state.plan === pushed;
    },
    async setLimits(userId, limits) {
      const stored =
        limits && storableLimits(limits, 'users.setLimits', limitsAllowing(plans.models));
      await states.update(parseUserId(userId, 'users.setLimits'), ({ limits: _, ...state }) =>
        stored === undefined ? state : { ...state, limits: stored },
      );
    },
    async setGroups(userId, groups) {
      const call = 'users.setGroups';
      const stored = groups && kinds.sorted(parseGroups(groups, call), `"${call}" got`);
      await states.update(parseUserId(userId, call), ({ groups: _, ...state }) =>
        stored === undefined ? state : { ...state, groups: stored },
      );
    },
  };
}
