import type { Balance, NotGranted, Violation } from '../ledger/ledger.ts';
import type { Accounts, AppliedLimit } from './accounts.ts';
import type { ShownHold } from './balance-after.ts';
import { ownPart } from './spilled-hold.ts';
import { NO_WARNED } from './warned-limits.ts';

/** A ledger returns one balance for each claim, in their order. Only this file relies on that order. */

/** The limits of a call and their balances when it was admitted or denied. */
export interface LimitStatus {
  readonly accounts: Accounts;
  /** One for each claim, in order. */
  readonly balances: readonly Balance[];
}

/** For a call that was decided without the store: nothing is known, so headers show nothing. */
export const UNKNOWN_STATUS: LimitStatus = {
  accounts: { applied: [], ownLimits: [], warned: NO_WARNED },
  balances: [],
};

/** One limit of a call and its balance. */
export interface LimitBalance {
  readonly claim: AppliedLimit;
  readonly balance: Balance;
}

/** Returns the limits with their balances, which a ledger returned for them. */
export function limitBalances(
  applied: readonly AppliedLimit[],
  balances: readonly Balance[],
): LimitBalance[] {
  return applied.map((claim, place) => ({ claim, balance: found(balances[place]) }));
}

/** A limit that a call broke. */
export interface LimitViolation extends LimitBalance {
  readonly violation: Violation;
  /** The credits that it spills into. */
  readonly credits: Balance | undefined;
}

export function limitViolations(
  { applied }: Accounts,
  { violations, balances }: Pick<NotGranted, 'violations' | 'balances'>,
): LimitViolation[] {
  return violations.map((violation) => {
    const claim = found(applied[violation.claim]);
    const credits = claim.limit.spills && balances[placeOfCredits(claim, applied)];
    return { violation, claim, balance: found(balances[violation.claim]), credits };
  });
}

const placeOfCredits = (of: AppliedLimit, applied: readonly AppliedLimit[]): number =>
  applied.findIndex(
    ({ limit, account }) =>
      limit.isCredit && account === of.account && limit.unit === of.limit.unit,
  );

/** What fits in a limit and its credits together. */
export const roomIn = ({ balance, credits }: LimitViolation): number =>
  balance.remaining + (credits?.remaining ?? 0);

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('A ledger named a claim that was not made.');
  return value;
}

/**
 * Describes the caller's own limits one by one, separated by commas. A shadow limit is no limit for the caller.
 * This runs on every call, so it makes no objects: `describe` is given `nowMs` and the hold instead of closing
 * over them.
 */
export function describeOwn(
  status: LimitStatus,
  describe: (claim: AppliedLimit, balance: Balance, nowMs: number, hold?: ShownHold) => string,
  nowMs: number,
  hold: ShownHold | undefined,
): string {
  const { accounts, balances } = status;
  let text = '';
  let place = 0;
  for (const claim of accounts.applied) {
    const balance = balances[place];
    place += 1;
    if (claim.scope !== 'own' || !claim.limit.enforced || balance === undefined) continue;
    const part = hold && ownPart(claim, status, hold);
    text += (text === '' ? '' : ', ') + describe(claim, balance, nowMs, part);
  }
  return text;
}
