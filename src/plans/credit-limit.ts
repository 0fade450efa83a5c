import { type LimitableUnit, unitName } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';
import type { Limit } from './limit.ts';

const known = new Map<LimitableUnit, Limit>();

/**
 * Returns the limit of an account that stands for its credits of one unit. It has nothing of its own: what is
 * granted makes room. The same object for all plans, so that credits do not depend on the plan.
 */
export function creditLimit(unit: LimitableUnit): Limit {
  const found = known.get(unit) ?? newCreditLimit(unit);
  known.set(unit, found);
  return found;
}

function newCreditLimit(unit: LimitableUnit): Limit {
  const key = `credits/${unitName(unit)}`;
  const rule: Rule = {
    kind: 'balance',
    isCredit: true,
    key,
    unit,
    amount: 0,
    // Every limit that it adds to decides about a failing store itself.
    onFailure: 'allow',
  };
  return {
    name: `credits-${unitName(unit)}`,
    key,
    unit,
    amount: 0,
    windowSeconds: undefined,
    enforced: true,
    isCredit: true,
    ruleFor: () => rule,
  };
}

/** Returns these limits with the credits that they spill into, last. */
export function withCredits(limits: readonly Limit[]): readonly Limit[] {
  const own = limits.filter(({ isCredit }) => !isCredit);
  const units = new Set(own.filter(({ spills }) => spills).map(({ unit }) => unit));
  return [...own, ...[...units].map(creditLimit)];
}
