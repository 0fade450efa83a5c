import { LedgerError } from '../../errors.ts';
import type { Amounts, Balance, Claim, Granted, NotGranted, Rule } from '../ledger.ts';
import type { Row } from '../memory/counter.ts';
import { counterFor } from '../memory/counter-for.ts';
import { addHeld, balancesOf, type Share, violationsOf } from '../memory/share.ts';
import type { EncodedClaims } from './encode-claims.ts';

/** Where a claim stood, with the store's time at which it did. */
interface Standing {
  readonly share: Share;
  readonly nowMs: number;
}

const AT = 3;
const BUCKETS = 25;
/** As the memory ledger names a bucket of the counter at `AT`. */
const BUCKETS_MAX = 2 ** 43;

/**
 * Explains what the store answered, which is how each claim stood before the verb, with the memory
 * ledger's own arithmetic: so that both say the same, and the store's rows are locked no longer than
 * it takes to count.
 */
export function decision(isGranted: boolean, standings: readonly Standing[]): Granted | NotGranted {
  if (!isGranted) {
    const violations = standings.flatMap(({ share, nowMs }, claim) =>
      violationsOf([share], nowMs).map((violation) => ({ ...violation, claim })),
    );
    return { granted: false, violations, balances: balancesAt(standings) };
  }
  for (const { share, nowMs } of standings) take(share, nowMs);
  return { granted: true, balances: balancesAt(standings) };
}

export function balancesAt(standings: readonly Standing[]): readonly Balance[] {
  return standings.flatMap(({ share, nowMs }) => balancesOf([share], nowMs));
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
    for (const [index, { rule }] of claims.entries()) {
      if (who[index] !== subject) continue;
      const width = 4 + (rule.kind === 'rolling' ? BUCKETS : 0);
      standings[index] = standingOf(
        rule,
        costs?.[rule.unit] ?? 0,
        numbers.slice(from, from + width),
      );
      from += width;
    }
  }
  if (from === numbers.length || claims.length === 0) return standings;
  throw new LedgerError(`Postgres answered ${numbers.length} numbers instead of ${from}`);
}

function standingOf(rule: Rule, cost: number, counts: readonly number[]): Standing {
  const counter = counterFor(rule);
  const { heldAt } = counter;
  const row = rowOf(rule, counts);
  const share = { key: '', counter, cost, heldAt, row, at: AT, window: 0 };
  return { share, nowMs: counts[0] ?? 0 };
}

/** The row that the memory ledger would have for this one counter. */
function rowOf(rule: Rule, [, first = 0, used = 0, held = 0, ...buckets]: readonly number[]): Row {
  switch (rule.kind) {
    case 'calendar':
      return [0, 0, AT + 3, first, used, held];
    case 'rate':
      return [0, 0, AT + 2, used, first];
    case 'concurrent':
      return [0, 0, AT + 1, held];
    case 'rolling':
      return [0, 0, AT + 1, held, ...namedBuckets(first, buckets)];
  }
}

function namedBuckets(newest: number, buckets: readonly number[]): number[] {
  const named: number[] = [];
  for (let age = 0; age < BUCKETS && age <= newest; age += 1) {
    const amount = buckets[(newest - age) % BUCKETS] ?? 0;
    if (amount !== 0) named.push(AT * BUCKETS_MAX + newest - age, amount);
  }
  return named;
}

function take(share: Share, nowMs: number): void {
  const { counter, at, cost } = share;
  share.window = counter.open(share.row, at, nowMs);
  if (share.heldAt < 0) share.row = counter.add(share.row, at, share.window, cost, nowMs);
  else addHeld(share, cost);
}
