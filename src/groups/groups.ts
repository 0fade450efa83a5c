import { type BlockSpec, parseBlock } from '../accounts/block.ts';
import {
  forgiveAll,
  type Grant,
  type GrantedAccount,
  grantTo,
  takeBackFrom,
} from '../accounts/grant.ts';
import { type CreditUsage, type LimitUsage, readUsage } from '../accounts/limit-usage.ts';
import type { Clock } from '../base/clock.ts';
import type { Known } from '../base/known.ts';
import { activeBlock, type Block } from '../core/block.ts';
import { type Group, type GroupSpec, parseGroup } from '../core/group.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type AppliedLimit, groupAccount, groupClaims } from '../plans/accounts.ts';
import type { LimitSpec, Per } from '../plans/limit-spec.ts';
import type { ModelList } from '../plans/model-list.ts';
import { limitsAllowing, storableLimits } from '../plans/parse-limits.ts';
import { groupLimits } from './group-limits.ts';
import { groupName } from './group-states.ts';
import type { UserGroups } from './user-groups.ts';

/** The usage of every limit of one group by its members. */
export interface GroupUsage {
  /** The kind of the group. */
  readonly kind: string;
  /** The id of the group. */
  readonly id: string;
  /** One for each limit of the group. */
  readonly limits: readonly LimitUsage[];
  /** The credits of each unit into which a limit of the group spills, and of each in which the group has some. */
  readonly credits: readonly CreditUsage[];
  /** `undefined` when not blocked now. */
  readonly block: { readonly reason: string; readonly untilMs?: number } | undefined;
}

/** Operates on groups, such as `{ kind: 'team', id: 't1' }`. `TypeError` for a kind that the option `groups` has
 * not. */
export interface Groups {
  /** Returns what the members have used together and have left in every limit of the group. Changes nothing. */
  usage(group: GroupSpec): Promise<GroupUsage>;
  /** Denies every call of each member with 403 `group_blocked`, in every process within 1 s. Running streams are
   * cut and settled. The block ends at `until`, or stays without it. A repeat replaces the block. */
  block(group: GroupSpec, block: BlockSpec): Promise<void>;
  /** Ends a block, in every process within 1 s. May be repeated. */
  unblock(group: GroupSpec): Promise<void>;
  /** Gives more of each limit of the group in its current window, or credits, as `users.grant` does for a user. */
  grant(group: GroupSpec, grant: Grant): Promise<GroupUsage>;
  /** Takes back the credits that a grant with this id gave, once, as `users.takeBack` does. Returns false if the grant
   * has given nothing; then it never will. */
  takeBack(group: GroupSpec, id: string): Promise<boolean>;
  /** Sets what was used in the current windows to zero. Holds of calls in flight stay, and so do credits. */
  reset(group: GroupSpec): Promise<GroupUsage>;
  /** Drops every cached answer of `groupsOf`, so that the next call of each user asks again, in every process
   * within 1 s. For one user call `users.changed`. */
  changed(group: GroupSpec): Promise<void>;
  /** Sets limits for this group alone, in every process within 1 s. Each replaces the limit of its kind that counts
   * the same unit over the same span, or is added. Without limits, those of the kind apply again. `TypeError` for a
   * limit that is wrong, names a model that no plan allows, or has a function as its `anchor`. */
  setLimits<Window extends string>(
    group: GroupSpec,
    limits: readonly LimitSpec<Known<Per, Window>>[] | undefined,
  ): Promise<void>;
}

interface GroupsParts {
  readonly ledger: Ledger;
  readonly groups: Pick<UserGroups, 'kinds' | 'states'>;
  /** What each plan allows. */
  readonly models: readonly ModelList[];
  readonly clock: Clock;
}

/** One group, its block, and the claims on its account. */
interface GroupAccount extends GrantedAccount {
  readonly group: Group;
  readonly block: Block | undefined;
  readonly claims: readonly AppliedLimit[];
}

/** The rules of groups depend on no user. */
const NO_USER = { id: '' };

export function createGroups({ ledger, groups, models, clock }: GroupsParts): Groups {
  const { kinds, states } = groups;
  const parse = (given: GroupSpec, call: string): Group => {
    const group = parseGroup(given, call);
    kinds.named(group.kind, `"${call}" got`);
    return group;
  };
  const accountOf = async (group: Group): Promise<GroupAccount> => {
    const kind = kinds.named(group.kind, 'There is');
    const state = await states.get(groupName(group));
    const nowMs = clock.nowMs();
    const claims = groupClaims(groupLimits(group, kind, state), NO_USER, nowMs);
    const source = `the ${group.kind} "${group.id}"`;
    const block = activeBlock(state, nowMs);
    return { group, ...groupAccount(group), block, claims, source };
  };
  const usageOf = async ({ group, block, claims }: GroupAccount): Promise<GroupUsage> => {
    return { ...group, ...(await readUsage(groupAccount(group), claims, ledger)), block };
  };
  return {
    async usage(group) {
      return usageOf(await accountOf(parse(group, 'groups.usage')));
    },
    async grant(group, grant) {
      const account = await accountOf(parse(group, 'groups.grant'));
      await grantTo(account, grant, ledger, 'groups.grant');
      return usageOf(account);
    },
    async takeBack(group, id) {
      const owner = groupAccount(parse(group, 'groups.takeBack'));
      return takeBackFrom(owner, id, ledger, 'groups.takeBack');
    },
    async reset(group) {
      const account = await accountOf(parse(group, 'groups.reset'));
      await forgiveAll(account, ledger);
      return usageOf(account);
    },
    async block(group, block) {
      const name = groupName(parse(group, 'groups.block'));
      const stored = parseBlock(block, 'groups.block');
      await states.update(name, (state) => ({ ...state, block: stored }));
    },
    async unblock(group) {
      const name = groupName(parse(group, 'groups.unblock'));
      await states.update(name, ({ block: _, ...state }) => state);
    },
    async changed(group) {
      // Every write is announced to every process. This one changes nothing.
      await states.update(groupName(parse(group, 'groups.changed')), (state) => state);
    },
    async setLimits(group, limits) {
      const call = 'groups.setLimits';
      const name = groupName(parse(group, call));
      const stored = limits && storableLimits(limits, call, limitsAllowing(models));
      await states.update(name, ({ limits: _, ...state }) =>
        stored === undefined ? state : { ...state, limits: stored },
      );
    },
  };
}
