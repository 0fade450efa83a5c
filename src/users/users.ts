import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Events } from '../core/events.ts';
import { parseUser, type User } from '../core/user.ts';
import {
  type Amounts,
  amountsBy,
  COUNTED_UNITS,
  type CountedUnitName,
  isCounted,
  isMoney,
  unitName,
  writtenAmount,
} from '../ledger/amounts.ts';
import type { Claim, Ledger } from '../ledger/ledger.ts';
import type { LimitSpec } from '../plans/limit.ts';
import { storableLimits } from '../plans/parse-limits.ts';
import type { PlanNames, PlanResolver } from '../plans/plan-resolver.ts';
import type { EndUserIds } from './end-user-ids.ts';
import { createMerge } from './merge-users.ts';
import { createUserAccounts, type UserAccounts, type UserUsage } from './usage.ts';
import type { UserStates } from './user-states.ts';

/** What is given on top, by unit (`{ requests: 5, usd: 0.5 }`). It counts in every limit of the user with
 * that unit. */
export type Grant = { readonly [Name in CountedUnitName]?: number };

/** Operates on users by the ids that your authenticator returns. */
export interface Users {
  /** Returns the user's plan, and the usage in each of its limits. Changes nothing. */
  usage(user: string | User): Promise<UserUsage>;
  /**
   * Rejects every call of this user from now on, in every process within 1 s. Running streams are
   * cut and settled. `until` is a date; without it the block stays. A second block replaces the
   * first.
   */
  block(userId: string, block: { reason: string; until?: Date }): Promise<void>;
  /** Ends a block, in every process within 1 s. May be repeated. */
  unblock(userId: string): Promise<void>;
  /** Gives more room in the running window of each limit, once. It ends with the window. A rate
   * gets no more than its burst. */
  grant(user: string | User, grant: Grant): Promise<UserUsage>;
  /** Forgets what was used in the running windows. What calls in flight hold stays. */
  reset(user: string | User): Promise<UserUsage>;
  /** Call this when the plan of a user changed: the next call in every process, within 1 s, calls
   * `planOf` again. */
  changed(userId: string): Promise<void>;
  /**
   * Gives this user one or several plans, instead of what `planOf` returns: in every process within
   * 1 s, until `until`. Without a plan `planOf` decides again. Returns false, and changes nothing,
   * if a plan with a later `asOf` (default now) is known, so that billing events may be repeated and
   * arrive in any order. Throws a `TypeError` for a name that is no plan.
   */
  setPlan(
    userId: string,
    plan: PlanNames | undefined,
    options?: { readonly until?: Date; readonly asOf?: Date },
  ): Promise<boolean>;
  /**
   * Sets limits for this user alone, in every process within 1 s. Each replaces the plan's limit
   * that counts the same over the same span, or is added. Without limits those of the plan apply
   * again. Throws a `TypeError` for a wrong limit, or one with a function as its `anchor`.
   */
  setLimits(userId: string, limits: readonly LimitSpec[] | undefined): Promise<void>;
  /**
   * Counts what `from` used in the running windows as used by `to`, in limits that both have, and
   * blocks `to` if `from` is blocked: for a user who signs up after a trial. `from` keeps its own
   * counts, so that signing up again and again gives nothing. Returns false, and changes nothing, if
   * these two were merged before. May be repeated after a failure.
   */
  merge(from: string | User, to: string | User): Promise<boolean>;
  /**
   * Returns the id of the user that OpenAI means by a safety identifier, up to 400 days after the
   * user's last call, from any process. `undefined` if it is not one of ours or `rememberEndUserIds`
   * is off. With `memoryLedger()` only the last 20,000 users of this process are known.
   */
  byEndUserId(endUserId: string): Promise<string | undefined>;
}

export interface UsersParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly plans: PlanResolver;
  readonly endUserIds: Pick<EndUserIds, 'find'>;
  readonly events: Events;
  readonly clock: Clock;
}

export interface GuardUsers extends Users {
  readonly remember: UserAccounts['remember'];
}

const FORGIVE_ALL = amountsBy((unit) => (isCounted(unit) ? Number.POSITIVE_INFINITY : 0));

const whole = z.int().min(0).optional();
const dollars = z.number().min(0).max(1_000_000).optional();
const grantShape = z.strictObject(
  Object.fromEntries(
    COUNTED_UNITS.map((unit) => [unitName(unit), isMoney(unit) ? dollars : whole]),
  ),
);
const blockShape = z.strictObject({
  reason: z.string().min(1).max(500),
  until: z.date().optional(),
});
const pushShape = z
  .strictObject({ until: z.date().optional(), asOf: z.date().optional() })
  .default({});

export function createUsers(parts: UsersParts): GuardUsers {
  const { ledger, states, plans, events, clock } = parts;
  const accounts = createUserAccounts(ledger, states, plans, clock);
  const credit = async (user: string | User, amounts: Amounts): Promise<UserUsage> => {
    const { applied } = (await accounts.account(user)).accounts;
    await ledger.credit(randomUUID(), applied.filter(isCounter), amounts);
    return accounts.usage(user);
  };
  return {
    usage: accounts.usage,
    remember: accounts.remember,
    merge: createMerge(ledger, states, accounts, clock),
    byEndUserId: parts.endUserIds.find,
    ...createUserOverrides(parts),
    async block(userId, block) {
      const { reason, until } = parseOrThrow(blockShape, block, 'users.block');
      const { id } = parseUser(userId);
      const stored = until === undefined ? { reason } : { reason, untilMs: until.getTime() };
      await states.update(id, (state) => ({ ...state, block: stored }));
      events.emit('blocked', { userId: id, reason });
    },
    async unblock(userId) {
      await states.update(parseUser(userId).id, ({ block: _, ...state }) => state);
    },
    grant: async (user, grant) => credit(user, grantAmounts(grant)),
    reset: (user) => credit(user, FORGIVE_ALL),
  };
}

/** The operator's decisions about a user's plan. */
function createUserOverrides({
  states,
  plans,
  clock,
}: UsersParts): Pick<Users, 'changed' | 'setPlan' | 'setLimits'> {
  return {
    async changed(userId) {
      // Any write is announced to every process. This one changes nothing else.
      await states.update(parseUser(userId).id, (state) => state);
    },
    async setPlan(userId, plan, options) {
      const { until, asOf } = parseOrThrow(pushShape, options, 'users.setPlan');
      const names = plan === undefined ? [] : [plan].flat();
      if (names.length > 0) plans.named(names);
      const asOfMs = asOf?.getTime() ?? clock.nowMs();
      const pushed = { names, asOfMs, ...(until && { untilMs: until.getTime() }) };
      const state = await states.update(parseUser(userId).id, (current) =>
        (current.plan?.asOfMs ?? 0) > asOfMs ? current : { ...current, plan: pushed },
      );
      return state.plan === pushed;
    },
    async setLimits(userId, limits) {
      const stored = limits && storableLimits(limits, 'users.setLimits');
      await states.update(parseUser(userId).id, ({ limits: _, ...state }) =>
        stored === undefined ? state : { ...state, limits: stored },
      );
    },
  };
}

const isCounter = ({ rule }: Claim): boolean => rule.kind !== 'concurrent';

function grantAmounts(grant: Grant): Amounts {
  const given: Grant = parseOrThrow(grantShape, grant, 'users.grant');
  return amountsBy((unit) =>
    isCounted(unit) ? writtenAmount(unit, given[unitName(unit)] ?? 0) : 0,
  );
}
