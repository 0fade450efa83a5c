import type { User } from '../core/user.ts';
import type { Claim } from '../ledger/ledger.ts';
import type { Limit } from './limit.ts';
import type { Identity, Scope } from './plan.ts';

/** A claim together with the limit that it applies. */
export interface AppliedLimit extends Claim {
  readonly limit: Limit;
}

/** Every limit that applies to a call. */
export interface Accounts {
  /** From the narrowest account to the widest: the token, the user, global. */
  readonly applied: readonly AppliedLimit[];
  /** The limits of the claims with the scope `own`. Without a token's limits this is the array of the
   * plan, so that what is derived from it is made once for all users of the plan. */
  readonly ownLimits: readonly Limit[];
}

/** The account that the calls of all users count on. */
const GLOBAL = 'global';

/** The account of a user's own limits. */
export const userAccount = (user: User): string => `user:${user.id}`;

interface KnownAccounts {
  readonly scope: Scope | undefined;
  readonly planLimits: readonly Limit[];
  readonly sharedLimits: readonly Limit[];
  readonly accounts: Accounts;
}

const known = new WeakMap<User, KnownAccounts>();

const NO_LIMITS: readonly Limit[] = [];

/** Resolves when what these limits need to know of this user is known; `undefined` if nothing must be waited for. */
export function lookUpLimits(
  { user, scope }: Identity,
  planLimits: readonly Limit[],
  sharedLimits: readonly Limit[],
  nowMs: number,
): Promise<unknown> | undefined {
  let all: Promise<unknown> | undefined;
  for (const limits of [scope?.limits ?? NO_LIMITS, planLimits, sharedLimits]) {
    for (const limit of limits) {
      const pending = limit.lookUp?.(user, nowMs);
      if (pending !== undefined) all = all === undefined ? pending : Promise.all([all, pending]);
    }
  }
  return all;
}

/** Returns every limit that applies to this caller now. `lookUpLimits` comes before. */
export function accountsOf(
  identity: Identity,
  planLimits: readonly Limit[],
  sharedLimits: readonly Limit[],
  nowMs: number,
): Accounts {
  const { user, scope } = identity;
  const before = known.get(user);
  const isSame =
    before !== undefined &&
    before.scope === scope &&
    before.planLimits === planLimits &&
    before.sharedLimits === sharedLimits;
  if (isSame && areCurrent(before.accounts, user, nowMs)) return before.accounts;
  const accounts = makeAccounts(identity, planLimits, sharedLimits, nowMs);
  known.set(user, { scope, planLimits, sharedLimits, accounts });
  return accounts;
}

/** A limit returns the same rule as before while nothing about it has changed. */
function areCurrent({ applied }: Accounts, user: User, nowMs: number): boolean {
  for (const { limit, rule } of applied) if (limit.ruleFor(user, nowMs) !== rule) return false;
  return true;
}

function makeAccounts(
  identity: Identity,
  planLimits: readonly Limit[],
  sharedLimits: readonly Limit[],
  nowMs: number,
): Accounts {
  const { user, scope } = identity;
  const tokenLimits = tokenLimitsOf(identity, nowMs);
  // The scope follows from the account, so all claims on one account have the same scope.
  const applied = [
    ...tokenLimits.map((limit) => applyLimit(limit, `token:${scope?.id}`, 'own', user, nowMs)),
    ...planLimits.map((limit) => applyLimit(limit, userAccount(user), 'own', user, nowMs)),
    ...sharedLimits.map((limit) => applyLimit(limit, GLOBAL, 'shared', user, nowMs)),
  ];
  const ownLimits = tokenLimits.length === 0 ? planLimits : [...tokenLimits, ...planLimits];
  return { applied, ownLimits };
}

/** Returns limits of one user that count on a single account of their own. */
export function singleAccount(
  account: string,
  limits: readonly Limit[],
  user: User,
  nowMs: number,
): Accounts {
  const applied = limits.map((limit) => applyLimit(limit, account, 'own', user, nowMs));
  return { applied, ownLimits: limits };
}

function applyLimit(
  limit: Limit,
  account: string,
  scope: Claim['scope'],
  user: User,
  nowMs: number,
): AppliedLimit {
  return { account, scope, rule: limit.ruleFor(user, nowMs), limit };
}

function tokenLimitsOf({ scope, expiresAtMs }: Identity, nowMs: number): readonly Limit[] {
  const limits = scope?.limits ?? [];
  return scope?.singleUse ? [singleUseLimit(expiresAtMs ?? nowMs), ...limits] : limits;
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
    ruleFor: () => rule,
  };
}
