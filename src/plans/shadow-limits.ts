import type { ShadowLimit } from '../core/limit-events.ts';
import { shownAmount } from '../ledger/amounts.ts';
import type { Balance, Violation } from '../ledger/ledger.ts';
import type { AppliedLimit } from './accounts.ts';
import { type LimitStatus, type LimitViolation, limitViolations } from './limit-status.ts';
import { shownViolation } from './shown-violation.ts';

/** Returns the shadow limits that would have refused a call, as they were before it. */
export function shadowLimits(
  { accounts, balances }: LimitStatus,
  violations: readonly Violation[],
): ShadowLimit[] {
  return limitViolations(accounts, { violations, balances }).map(shadowLimit);
}

function shadowLimit(broken: LimitViolation): ShadowLimit {
  const { claim, balance, violation } = broken;
  const { level, limit } = claim;
  const group = groupOf(claim);
  return {
    ...shownViolation(broken, limit.amount, violation.cost, remainingBefore(broken)),
    level,
    ...(group && { group }),
    used: shownAmount(limit.unit, balance.used),
  };
}

/** The balance is that after the hold. A rate in shadow took nothing. */
function remainingBefore({ claim: { rule }, balance, violation }: LimitViolation): number {
  const { used, held, remaining }: Balance = balance;
  if (rule.kind === 'rate') return remaining;
  return Math.max(0, rule.amount - used - held + violation.cost);
}

/** The group whose limit it is; `undefined` for a limit of another level. */
export const groupOf = ({ group }: AppliedLimit) => group && { kind: group.kind, id: group.id };
