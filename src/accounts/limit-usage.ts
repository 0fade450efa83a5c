import { shownAmount, type UnitName, unitName } from '../ledger/amounts.ts';
import type { Balance, Ledger } from '../ledger/ledger.ts';
import type { AppliedLimit } from '../plans/accounts.ts';
import { type LimitBalance, limitBalances } from '../plans/limit-status.ts';
import { CREDIT_UNITS, type CreditAccount, creditClaims } from './posted-credits.ts';

/** The usage of one limit by a user, or by the members of a group. */
export interface LimitUsage {
  /** The name of the limit. */
  readonly name: string;
  /** `usd` is in dollars here; everything else in whole units. */
  readonly unit: UnitName;
  /** The amount of the limit, in `unit`. */
  readonly limit: number;
  /** Of a rate: how much of the limit fits at once, in `unit`. `used`, `held` and `remaining` are parts of
   * it. `undefined` for other limits, where they are parts of `limit`. */
  readonly burst: number | undefined;
  /** Used in the current window, in `unit`; below 0 where a credit is larger. Of a rate: what has not been
   * refilled yet. */
  readonly used: number;
  /** Held by calls in flight. */
  readonly held: number;
  /** The amount that a next call may take now, in `unit`. */
  readonly remaining: number;
  /** When time alone makes more room, Unix ms; `undefined` when nothing is used, or when only calls in
   * flight are in the way. */
  readonly resetsAtMs: number | undefined;
  /** False for a shadow limit, which refuses nothing. Its `used` may pass the limit. */
  readonly enforced: boolean;
  /** The models whose calls it counts, as they were written; `undefined` for all. */
  readonly models: readonly string[] | undefined;
  /** The endpoints whose calls it counts; `undefined` for all. */
  readonly endpoints: readonly string[] | undefined;
}

/** The credits of a user or a group in one unit. */
export interface CreditUsage {
  /** `usd` is in dollars; everything else in whole units. */
  readonly unit: UnitName;
  /** What a next call may take now, in `unit`. Below 0 where credits were taken back after they were used. */
  readonly remaining: number;
  /** Held by calls in flight. */
  readonly held: number;
}

/** What is used of limits, and what is left of them and of credits. */
interface AccountUsage {
  readonly limits: LimitUsage[];
  readonly credits: CreditUsage[];
}

/** Reads what is used of these limits, and the credits of the account. Changes nothing. */
export async function readUsage(
  account: CreditAccount,
  all: readonly AppliedLimit[],
  ledger: Pick<Ledger, 'read'>,
): Promise<AccountUsage> {
  const applied = all.filter(({ limit }) => !limit.isCredit);
  const claims = creditClaims(account);
  const balances = await ledger.read([...applied, ...claims]);
  const spilling = new Set(applied.map(({ limit }) => limit.spills && limit.unit));
  return {
    limits: usageOfLimits(applied, balances),
    credits: CREDIT_UNITS.flatMap((unit, place) => {
      const { used = 0, held = 0 } = balances[applied.length + place] ?? {};
      if (used === 0 && held === 0 && !spilling.has(unit)) return [];
      const remaining = shownAmount(unit, 0 - used - held);
      return [{ unit: unitName(unit), remaining, held: shownAmount(unit, held) }];
    }),
  };
}

/** Returns what is used of these limits, which were read in this order. */
export function usageOfLimits(
  applied: readonly AppliedLimit[],
  balances: readonly Balance[],
): LimitUsage[] {
  return limitBalances(applied, balances).map(limitUsage);
}

function limitUsage({ claim, balance }: LimitBalance): LimitUsage {
  const { name, unit, amount, burst, enforced, filter } = claim.limit;
  return {
    name,
    unit: unitName(unit),
    limit: shownAmount(unit, amount),
    burst: burst === undefined ? undefined : shownAmount(unit, burst),
    used: shownAmount(unit, balance.used),
    held: shownAmount(unit, balance.held),
    remaining: shownAmount(unit, balance.remaining),
    resetsAtMs: balance.resetsAtMs,
    enforced,
    models: filter?.models?.patterns,
    endpoints: filter?.endpoints && [...filter.endpoints],
  };
}
