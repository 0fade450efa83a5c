import type { Group } from '../core/group.ts';
import type { AccountLevel } from '../core/limit-events.ts';
import type { User } from '../core/user.ts';
import type { Claim } from '../ledger/ledger.ts';
import type { Limit } from './limit.ts';
import { allLevels, areSameLevels, type GroupLimits, type LimitLevels } from './limit-levels.ts';
import type { Identity, Scope } from './plan.ts';
import { type WarnedLimit, warnedLimits } from './warned-limits.ts';

/** A claim together with the limit that it applies. */
export interface AppliedLimit extends Claim {
  readonly limit: Limit;
  readonly level: AccountLevel;
  /** The group whose limit it is, for the level `group`. */
  readonly group?: GroupLimits;
}

/** Every limit that applies to a call, or to all calls of a caller. */
export interface Accounts {
  /** From the narrowest account to the widest: the token, the user, their groups, global. */
  readonly applied: readonly AppliedLimit[];
  /** The limits of the claims with the scope `own`. Without a token's limits this is the array of the
   * plan, so that what is derived from it is made once for all users of the plan. */
  readonly ownLimits: readonly Limit[];
  /** Those with `warnAt`. */
  readonly warned: readonly WarnedLimit[];
}

/** The account that the calls of all users count on. */
const GLOBAL = 'global';

/** The account of a user's own limits. */
export const userAccount = (user: User): string => `user:${user.id}`;

/** The account that the members of a group share. */
export const groupAccount = ({ kind, id }: Group): Pick<Claim, 'account' | 'scope'> => {
  return { account: `group:${kind}:${id}`, scope: SCOPES.group };
};

/** The claims on the account of a group. */
export function groupClaims(group: GroupLimits, user: User, nowMs: number): AppliedLimit[] {
  const { account } = groupAccount(group);
  return group.limits.map((limit) => {
    return { ...applyLimit(limit, 'group', account, user, nowMs), group };
  });
}

interface KnownAccounts extends LimitLevels {
  readonly scope: Scope | undefined;
  accounts: Accounts;
}

/** A user who alternates between models has other limits at each call. */
const KNOWN_MAX = 4;
const known = new WeakMap<User, KnownAccounts[]>();

/** Resolves when what these limits need to know of this user is known; `undefined` if nothing must be waited for. */
export function lookUpLimits(
  user: User,
  levels: LimitLevels,
  nowMs: number,
): Promise<unknown> | undefined {
  let all: Promise<unknown> | undefined;
  for (const limits of allLevels(levels)) {
    for (const limit of limits) {
      const pending = limit.lookUp?.(user, nowMs);
      if (pending !== undefined) all = all === undefined ? pending : Promise.all([all, pending]);
    }
  }
  return all;
}

/** Returns every limit that applies to this caller now. `lookUpLimits` comes before. */
export function accountsOf(identity: Identity, levels: LimitLevels, nowMs: number): Accounts {
  const { user, scope } = identity;
  const ofUser = known.get(user);
  const before = ofUser?.find((each) => each.scope === scope && areSameLevels(each, levels));
  if (before === undefined) {
    const accounts = makeAccounts(identity, levels, nowMs);
    known.set(user, [{ scope, ...levels, accounts }, ...(ofUser ?? [])].slice(0, KNOWN_MAX));
    return accounts;
  }
  if (!areCurrent(before.accounts, user, nowMs)) {
    before.accounts = makeAccounts(identity, levels, nowMs);
  }
  return before.accounts;
}

/** A limit returns the same rule as before while nothing about it has changed. */
function areCurrent({ applied }: Accounts, user: User, nowMs: number): boolean {
  for (const { limit, rule } of applied) if (limit.ruleFor(user, nowMs) !== rule) return false;
  return true;
}

function makeAccounts(identity: Identity, levels: LimitLevels, nowMs: number): Accounts {
  const { user, scope } = identity;
  const { plan, groups, shared } = levels;
  const tokenLimits = tokenLimitsOf(identity, levels, nowMs);
  const apply = (level: AccountLevel, account: string, limits: readonly Limit[]) =>
    limits.map((limit) => applyLimit(limit, level, account, user, nowMs));
  const applied = [
    ...apply('token', `token:${scope?.id}`, tokenLimits),
    ...apply('user', userAccount(user), plan),
    ...groups.flatMap((group) => groupClaims(group, user, nowMs)),
    ...apply('global', GLOBAL, shared),
  ];
  const ownLimits = tokenLimits.length === 0 ? plan : [...tokenLimits, ...plan];
  return { applied, ownLimits, warned: warnedLimits(applied) };
}

/** Returns limits of one user that count on a single account of their own. */
export function singleAccount(
  account: string,
  limits: readonly Limit[],
  user: User,
  nowMs: number,
): Accounts {
  const applied = limits.map((limit) => applyLimit(limit, 'user', account, user, nowMs));
  return { applied, ownLimits: limits, warned: warnedLimits(applied) };
}

/** The scope follows from the account, so all claims on one account have the same scope. */
const SCOPES: Readonly<Record<AccountLevel, Claim['scope']>> = {
  token: 'own',
  user: 'own',
  group: 'shared',
  global: 'shared',
};

function applyLimit(
  limit: Limit,
  level: AccountLevel,
  account: string,
  user: User,
  nowMs: number,
): AppliedLimit {
  return { account, scope: SCOPES[level], rule: limit.ruleFor(user, nowMs), limit, level };
}

function tokenLimitsOf(
  { scope, expiresAtMs }: Identity,
  { token }: LimitLevels,
  nowMs: number,
): readonly Limit[] {
  return scope?.singleUse ? [singleUseLimit(expiresAtMs ?? nowMs), ...token] : token;
}

/**
 * Single use is a limit like any other, so the same atomic reserve finds the one call that may use the
 * token. Its window ends with the token, so that the ledger may forget it then.
 */
export const SINGLE_USE_NAME = 'single-use';

function singleUseLimit(expiresAtMs: number): Limit {
  const rule = {
    kind: 'calendar',
    key: SINGLE_USE_NAME,
    unit: 'requests',
    amount: 1,
    windows: [
      { startMs: 0, endMs: expiresAtMs },
      { startMs: expiresAtMs, endMs: expiresAtMs + 1 },
    ],
  } as const;
  return {
    name: SINGLE_USE_NAME,
    key: SINGLE_USE_NAME,
    unit: 'requests',
    amount: 1,
    windowSeconds: undefined,
    enforced: true,
    ruleFor: () => rule,
  };
}
