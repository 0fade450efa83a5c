import { shownAmount, type UnitName, unitName } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AppliedLimit } from '../plans/accounts.ts';
import { type LimitBalance, limitBalances } from '../plans/limit-status.ts';

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
}

/** Reads what is used of these limits, and what is left. Changes nothing. */
export async function readUsage(
  applied: readonly AppliedLimit[],
  ledger: Pick<Ledger, 'read'>,
): Promise<LimitUsage[]> {
  const balances = await ledger.read(applied);
  return limitBalances(applied, balances).map(limitUsage);
}

function limitUsage({ claim, balance }: LimitBalance): LimitUsage {
  const { name, unit, amount, burst } = claim.limit;
  return {
    name,
    unit: unitName(unit),
    limit: shownAmount(unit, amount),
    burst: burst === undefined ? undefined : shownAmount(unit, burst),
    used: shownAmount(unit, balance.used),
    held: shownAmount(unit, balance.held),
    remaining: shownAmount(unit, balance.remaining),
    resetsAtMs: balance.resetsAtMs,
  };
}
