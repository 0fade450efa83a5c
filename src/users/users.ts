import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { User } from '../auth/authenticator.ts';
import type { Clock } from '../clock.ts';
import type { Events } from '../events.ts';
import type { Amounts, Balance, Claim, Ledger } from '../ledger/ledger.ts';
import { accountsOf, NO_AMOUNTS } from '../plans/accounts.ts';
import type { Limit } from '../plans/limit.ts';
import type { PlanBook } from '../plans/plan-book.ts';
import { parseOrThrow } from '../shape.ts';
import { parseUser } from './parse-user.ts';
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

/** What is given on top; each key counts in every limit of the user with that unit. */
export interface Grant {
  readonly requests?: number;
  readonly tokens?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly usd?: number;
}

/** Operating users by the ids that your authenticator gives them. */
export interface Users {
  /** Where a user stands in every limit of the present plan. Changes nothing. */
  usage(user: string | User): Promise<UserUsage>;
  /** Refuses every call of this user from now on, in every process within 1 s, cuts running streams,
   * and settles them. `until` is a date; without it the block stays. Repeating replaces it. */
  block(userId: string, block: { reason: string; until?: Date }): Promise<void>;
  /** Ends a block, in every process within 1 s. May be repeated. */
  unblock(userId: string): Promise<void>;
  /** Gives more room in the running window of each limit, once; it ends with the window. A rate gets
   * no more than its burst. */
  grant(user: string | User, grant: Grant): Promise<UserUsage>;
  /** Forgets what was used in the running windows; what calls in flight hold stays. */
  reset(user: string | User): Promise<UserUsage>;
  /** The plan of this user changed: the next call in every process, within 1 s, asks `planOf` again. */
  changed(userId: string): Promise<void>;
}

export interface UsersParts {
  readonly ledger: Ledger;
  readonly states: UserStates;
  readonly plans: PlanBook;
  readonly events: Events;
  readonly clock: Clock;
}

export interface UserBook extends Users {
  /** Remembers what a verified credential said, so that `usage(id)` can find the plan by id alone. */
  saw(user: User): void;
}

const SEEN_USERS_MAX = 20_000;
const NANO_USD_PER_USD = 1e9;
const FORGIVE_ALL: Amounts = {
  requests: Number.POSITIVE_INFINITY,
  concurrent: 0,
  inputTokens: Number.POSITIVE_INFINITY,
  outputTokens: Number.POSITIVE_INFINITY,
  tokens: Number.POSITIVE_INFINITY,
  nanoUsd: Number.POSITIVE_INFINITY,
};

const whole = z.int().min(0).optional();
const grantShape = z.strictObject({
  requests: whole,
  tokens: whole,
  inputTokens: whole,
  outputTokens: whole,
  usd: z.number().min(0).max(1_000_000).optional(),
});
const blockShape = z.strictObject({
  reason: z.string().min(1).max(500),
  until: z.date().optional(),
});

export function createUsers({ ledger, states, plans, events, clock }: UsersParts): UserBook {
  const seen = new LRUCache<string, User>({ max: SEEN_USERS_MAX });
  const find = (user: string | User): User => {
    const parsed = parseUser(user);
    return typeof user === 'string' ? (seen.get(parsed.id) ?? parsed) : parsed;
  };
  const account = async (user: User) => {
    const plan = await plans.planOf(user);
    return { plan, ...accountsOf({ user }, plan.limits, [], clock.nowMs()) };
  };
  const usage = async (user: string | User): Promise<UserUsage> => {
    const found = find(user);
    const { plan, limits, claims } = await account(found);
    const balances = await ledger.read(claims);
    const block = activeBlock(await states.get(found.id), clock.nowMs());
    const rows = limits.flatMap((limit, index) => usageRow(limit, balances[index]));
    return { userId: found.id, plan: plan.name, limits: rows, block };
  };
  const credit = async (user: string | User, amounts: Amounts): Promise<UserUsage> => {
    const { claims } = await account(find(user));
    await ledger.credit(randomUUID(), claims.filter(isCounter), amounts);
    return usage(user);
  };

  return {
    usage,
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
    async changed(userId) {
      // Any write is announced to every process; this one changes nothing else.
      await states.update(parseUser(userId).id, (state) => state);
    },
    saw: (user) => void seen.set(user.id, user),
  };
}

const isCounter = ({ rule }: Claim): boolean => rule.kind !== 'concurrent';

function grantAmounts(grant: Grant): Amounts {
  const { usd = 0, ...units } = parseOrThrow(grantShape, grant, 'users.grant');
  const given = Object.entries(units).filter(([, amount]) => amount !== undefined);
  return {
    ...NO_AMOUNTS,
    ...Object.fromEntries(given),
    nanoUsd: Math.round(usd * NANO_USD_PER_USD),
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
