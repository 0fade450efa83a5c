import type { ShadowLimit } from '../core/limit-events.ts';
import { shownAmount } from '../ledger/amounts.ts';
import type { Balance, Violation } from '../ledger/ledger.ts';
import type { AppliedLimit } from './accounts.ts';
import type { LimitLevels } from './limit-levels.ts';
import { type LimitStatus, type LimitViolation, limitViolations } from './limit-status.ts';
import { shownViolation } from './shown-violation.ts';

/** Returns the shadow limits that would have refused a call, as they were before it. */
export function shadowLimits(
  { accounts, balances }: LimitStatus,
  violations: readonly Violation[],
  levels: LimitLevels,
): ShadowLimit[] {
  return limitViolations(accounts, { violations, balances }).map((broken) =>
    shadowLimit(broken, levels),
  );
}

function shadowLimit(broken: LimitViolation, levels: LimitLevels): ShadowLimit {
  const { claim, balance, violation } = broken;
  const { level, limit } = claim;
  const group = groupOf(claim, levels);
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

/** The group whose account it is; `undefined` for an account of another level. */
export function groupOf({ account, level }: AppliedLimit, { groups }: LimitLevels) {
  if (level !== 'group') return undefined;
  const found = groups.find(({ kind, id }) => account === `group:${kind}:${id}`);
  return found && { kind: found.kind, id: found.id };
}
