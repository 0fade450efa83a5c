import type { BrokenLimit } from '../core/denial.ts';
import { shownAmount, unitName } from '../ledger/amounts.ts';
import type { LimitViolation } from './limit-status.ts';

/** Returns a limit that does not fit as people read it. Amounts are in the unit of its rule. */
export function shownViolation(
  { claim, violation: { hard, fitsAtMs }, credits }: LimitViolation,
  amount: number,
  needed: number,
  remaining: number,
): BrokenLimit {
  const { name, unit, burst } = claim.limit;
  return {
    name,
    unit: unitName(unit),
    limit: shownAmount(unit, amount),
    ...(burst !== undefined && { burst: shownAmount(unit, burst) }),
    needed: shownAmount(unit, needed),
    remaining: shownAmount(unit, remaining),
    ...(credits && { credits: shownAmount(unit, credits.remaining) }),
    hard,
    ...(fitsAtMs !== undefined && { fitsAtMs }),
  };
}
