import type { Balance, Violation } from '../ledger.ts';
import { Account } from './account.ts';
import type { Counter, Numbers } from './counter.ts';
import { Part } from './part.ts';

/** Returns a part without a hold, for a store that decides by itself (Redis): with the numbers
 * that the store keeps for this counter, in the counter's order. `key`: equal for parts of one account. */
export function partWith(counter: Counter, cost: number, numbers: Numbers, key = ''): Part {
  const part = new Part(key, counter, cost);
  part.locate(Account.of(counter, numbers));
  return part;
}

export function balancesOf(parts: readonly Part[], nowMs: number): Balance[] {
  const balances: Balance[] = [];
  for (const part of parts) balances.push(part.balance(nowMs));
  return balances;
}

/** Returns the enforced rules that refuse this reserve, before it has taken anything. */
export function violationsOf(parts: readonly Part[], nowMs: number): Violation[] {
  const violations: Violation[] = [];
  let claim = 0;
  for (const part of parts) {
    const { isShadow, isCredit, spills } = part.counter;
    if (!isShadow && !isCredit) {
      const credits = spills ? creditsOf(part, parts) : undefined;
      if (!part.fits(nowMs, credits)) violations.push({ claim, ...part.violation(nowMs, credits) });
    }
    claim += 1;
  }
  return violations;
}

/** Returns the places of the shadow rules that would refuse it, before it has taken anything; `undefined` if
 * there are none. */
export function shadowsBroken(parts: readonly Part[], nowMs: number): number[] | undefined {
  let broken: number[] | undefined;
  let claim = 0;
  for (const part of parts) {
    if (part.counter.isShadow && !part.fits(nowMs)) {
      broken ??= [];
      broken.push(claim);
    }
    claim += 1;
  }
  return broken;
}

/** Explains the shadow rules that would have refused it, after it was taken. */
export function wouldDenyOf(
  parts: readonly Part[],
  broken: readonly number[],
  nowMs: number,
): Violation[] {
  return broken.flatMap((claim) => {
    const part = parts[claim];
    return part === undefined ? [] : [{ claim, ...part.violationBefore(nowMs) }];
  });
}

/** Returns the parts that a granted reserve takes, with what each takes. A shadow rate takes nothing of a call
 * that it would refuse, and credits take nothing of one that fits without them. */
export function takingOf(
  parts: readonly Part[],
  broken: readonly number[] | undefined,
  nowMs: number,
): readonly Part[] {
  const hasCredits = divide(parts, nowMs);
  if (!hasCredits && broken === undefined) return parts;
  return parts.filter((part, claim) => {
    const { isCredit, rule } = part.counter;
    return isCredit ? part.taken > 0 : rule.kind !== 'rate' || broken?.includes(claim) !== true;
  });
}

/** Divides costs between the rules that spill and their credits. Returns whether there are credits. */
function divide(parts: readonly Part[], nowMs: number): boolean {
  let hasCredits = false;
  for (const credits of parts) {
    if (!credits.counter.isCredit) continue;
    hasCredits = true;
    const spilling = parts.filter((part) => part.counter.spills && isPaidBy(part, credits));
    const room = Math.min(credits.cost, ...spilling.map((part) => part.room(nowMs)));
    for (const part of spilling) part.taken = room;
    credits.taken = credits.cost - room;
  }
  return hasCredits;
}

const creditsOf = (part: Part, parts: readonly Part[]): Part | undefined =>
  parts.find((other) => other.counter.isCredit && isPaidBy(part, other));

const isPaidBy = ({ key, counter }: Part, credits: Part): boolean =>
  key === credits.key && counter.unit === credits.counter.unit;
