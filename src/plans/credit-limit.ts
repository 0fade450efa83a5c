import { type LimitableUnit, unitName } from '../ledger/amounts.ts';
import type { BalanceRule } from '../ledger/ledger.ts';
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
  const rule: BalanceRule = {
    kind: 'balance',
    isCredit: true,
    ...countedAs(unit),
    // Every limit that it adds to decides about a failing store itself.
    onFailure: 'allow',
  };
  return {
    name: `credits-${unitName(unit)}`,
    key: rule.key,
    unit,
    amount: 0,
    windowSeconds: undefined,
    enforced: true,
    isCredit: true,
    ruleFor: () => rule,
  };
}

/** Returns the rule that counts the credits of an account as a plain balance, for what no call takes. */
export const creditBalance = (unit: LimitableUnit): BalanceRule => {
  return { kind: 'balance', ...countedAs(unit) };
};

const countedAs = (unit: LimitableUnit) => {
  return { key: `credits/${unitName(unit)}`, unit, amount: 0 };
};

/** Returns these limits with the credits that they spill into, last. */
export function withCredits(limits: readonly Limit[]): readonly Limit[] {
  const own = limits.filter(({ isCredit }) => !isCredit);
  const units = new Set(own.filter(({ spills }) => spills).map(({ unit }) => unit));
  return [...own, ...[...units].map(creditLimit)];
}
