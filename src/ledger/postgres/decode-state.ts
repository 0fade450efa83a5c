import { LedgerError } from '../../errors.ts';
import { balancesOf, type Part, partWith, violationsOf } from '../counting/part.ts';
import type { Amounts, Balance, Claim, Granted, NotGranted, Rule } from '../ledger.ts';
import type { EncodedClaims } from './encode-claims.ts';

/** Where a claim stood, with the store's time at which it did. */
interface Standing {
  readonly part: Part;
  readonly nowMs: number;
}

const BUCKETS = 25;

/**
 * Explains what the store answered, which is how each claim stood before the verb, by the arithmetic of
 * all ledgers: so that all say the same, and the store's rows are locked no longer than it takes to count.
 */
export function decision(isGranted: boolean, standings: readonly Standing[]): Granted | NotGranted {
  if (!isGranted) {
    const violations = standings.flatMap(({ part, nowMs }, claim) =>
      violationsOf([part], nowMs).map((violation) => ({ ...violation, claim })),
    );
    return { granted: false, violations, balances: balancesAt(standings) };
  }
  for (const { part, nowMs } of standings) part.take(nowMs);
  return { granted: true, balances: balancesAt(standings) };
}

export function balancesAt(standings: readonly Standing[]): readonly Balance[] {
  return standings.flatMap(({ part, nowMs }) => balancesOf([part], nowMs));
}

/** Reads the state that goes with `claims`: the store writes subject by subject. */
export function standingsOf(
  claims: readonly Claim[],
  { subjects, who }: EncodedClaims,
  costs: Amounts | undefined,
  state: string,
): readonly Standing[] {
  const numbers = state.split(',').map(Number);
  const standings = new Array<Standing>(claims.length);
  let from = 0;
  for (let subject = 1; subject <= subjects.length; subject += 1) {
    for (const [index, claim] of claims.entries()) {
      if (who[index] !== subject) continue;
      const { rule } = claim;
      const width = 4 + (rule.kind === 'rolling' ? BUCKETS : 0);
      const [nowMs = 0, ...counts] = numbers.slice(from, from + width);
      const part = partWith(claim, costs?.[rule.unit] ?? 0, numbersOf(rule, counts));
      standings[index] = { part, nowMs };
      from += width;
    }
  }
  if (from === numbers.length || claims.length === 0) return standings;
  throw new LedgerError(`Postgres answered ${numbers.length} numbers instead of ${from}`);
}

/** As the counter of this rule keeps them. */
function numbersOf(rule: Rule, [first = 0, used = 0, held = 0, ...buckets]: number[]): number[] {
  switch (rule.kind) {
    case 'calendar':
      return [first, used, held];
    case 'rate':
      return [used, first];
    case 'concurrent':
      return [held];
    case 'rolling':
      return [held, ...bucketPairs(first, buckets)];
  }
}

function bucketPairs(newest: number, buckets: readonly number[]): number[] {
  const pairs: number[] = [];
  for (let age = 0; age < BUCKETS && age <= newest; age += 1) {
    const amount = buckets[(newest - age) % BUCKETS] ?? 0;
    if (amount !== 0) pairs.push(newest - age, amount);
  }
  return pairs;
}
