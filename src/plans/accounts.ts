import type { User } from '../core/user.ts';
import type { Balance, Claim } from '../ledger/ledger.ts';
import type { Limit } from './limit.ts';
import type { Identity, Scope } from './scope.ts';

/** Who pays, from narrow to wide: the token, the user, everybody. */
export interface Accounts {
  readonly limits: readonly Limit[];
  readonly claims: readonly Claim[];
  /** The caller's own; they come first, the rest are shared. */
  readonly ownLimits: readonly Limit[];
}

/** Where the caller's own limits stood when the call was admitted or denied. */
export interface Standing {
  readonly limits: readonly Limit[];
  readonly balances: readonly Balance[];
}

const EVERYBODY = 'everybody';

export const userSubject = (user: User): string => `user:${user.id}`;

interface Known {
  readonly scope: Scope | undefined;
  readonly planLimits: readonly Limit[];
  readonly sharedLimits: readonly Limit[];
  readonly accounts: Accounts;
}

const known = new WeakMap<User, Known>();

/** Every limit that applies to this caller, as claims on their accounts now. */
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

/** A limit answers the same rule as before while nothing about it has changed. */
function areCurrent({ limits, claims }: Accounts, user: User, nowMs: number): boolean {
  for (let index = 0; index < claims.length; index += 1) {
    if (limits[index]?.ruleFor(user, nowMs) !== claims[index]?.rule) return false;
  }
  return true;
}

function makeAccounts(
  identity: Identity,
  planLimits: readonly Limit[],
  sharedLimits: readonly Limit[],
  nowMs: number,
): Accounts {
  const { user } = identity;
  const tokenLimits = tokenLimitsOf(identity, nowMs);
  // The same array as long as nothing narrows it: what is derived from it is kept by its identity.
  const ownLimits = tokenLimits.length === 0 ? planLimits : [...tokenLimits, ...planLimits];
  const claims: Claim[] = [];
  const claim = (subject: string, limits: readonly Limit[]) => {
    for (const limit of limits) claims.push({ subject, rule: limit.ruleFor(user, nowMs) });
  };
  claim(`token:${identity.scope?.id}`, tokenLimits);
  claim(userSubject(user), planLimits);
  claim(EVERYBODY, sharedLimits);
  return { limits: [...ownLimits, ...sharedLimits], claims, ownLimits };
}

function tokenLimitsOf({ scope, expiresAtMs }: Identity, nowMs: number): readonly Limit[] {
  const limits = scope?.limits ?? [];
  return scope?.singleUse ? [singleUseLimit(expiresAtMs ?? nowMs), ...limits] : limits;
}

/**
 * A single use is a limit like another, so its one winner is found by the same atomic reserve. Its
 * window ends with the token, so that the ledger may forget it then.
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
