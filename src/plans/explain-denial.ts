import { type Denial, deny } from '../core/denial.ts';
import type { AccountLevel } from '../core/limit-events.ts';
import { type Amounts, amountIn } from '../ledger/amounts.ts';
import type { NotGranted } from '../ledger/ledger.ts';
import type { Accounts } from './accounts.ts';
import { isSoon, latest, type Need } from './broken-limit.ts';
import { groupDenial } from './group-denial.ts';
import { type LimitStatus, type LimitViolation, limitViolations, roomIn } from './limit-status.ts';
import { ownDenial } from './own-denial.ts';

export type { Need } from './broken-limit.ts';

/** The need of something that cannot be too large for a limit. */
export const needOf = (most: Amounts): Need => ({
  most,
  fitsInto: () => true,
  advice: '',
});

/** A denial by limits. It can show the state of the caller's own limits. */
export interface LimitDenial extends Denial {
  readonly limitStatus?: LimitStatus;
}

/**
 * Returns which limits a call broke and when it fits again. The caller's own limits come first, then those of
 * their groups. If only global limits are in the way, none of their figures are shown.
 */
export function explainDenial(
  decision: NotGranted,
  accounts: Accounts,
  nowMs: number,
  need: Need,
): LimitDenial {
  const violations = stillBroken(limitViolations(accounts, decision), need);
  const of = (level: AccountLevel) => violations.filter(({ claim }) => claim.level === level);
  const own = [...of('token'), ...of('user')];
  if (own.length > 0) {
    return withStatus(ownDenial(own, need), { accounts, balances: decision.balances });
  }
  const groups = of('group');
  if (groups.length > 0) return groupDenial(groups, of('global'), need, nowMs);
  return serviceDenial(violations, nowMs);
}

/** A used-up token has no limits left to show. */
function withStatus(denial: Denial, limitStatus: LimitStatus): LimitDenial {
  return denial.code === 'invalid_credential' ? denial : { ...denial, limitStatus };
}

/** The bound may have become closer since the ledger decided, so that some limits are kept now. */
function stillBroken(violations: readonly LimitViolation[], { most }: Need): LimitViolation[] {
  const broken = violations.filter((each) => amountIn(most, each.claim.rule.unit) > roomIn(each));
  return broken.length === 0 ? [...violations] : broken;
}

function serviceDenial(violations: readonly LimitViolation[], nowMs: number): Denial {
  const resetsAtMs = latest(violations);
  return deny('service_budget_exceeded', 'The service has used up its own budget. Try later.', {
    ...(isSoon(resetsAtMs, nowMs) && { resetsAtMs, shouldRetry: true }),
  });
}
