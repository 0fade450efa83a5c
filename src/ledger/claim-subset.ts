import type { Balance, Claim, Violation } from './ledger.ts';

/** Some of the claims of a verb, for a ledger that decides on these alone. */
export interface ClaimSubset {
  readonly claims: readonly Claim[];
  /** The place of each among all claims of the verb. */
  readonly places: readonly number[];
}

export function subsetOf(
  claims: readonly Claim[],
  belongs: (claim: Claim) => boolean,
): ClaimSubset {
  const places = claims.flatMap((claim, place) => (belongs(claim) ? [place] : []));
  return { claims: claims.filter(belongs), places };
}

/** Puts the balances of a subset at their places among the balances of all claims. */
export function placeBalances(
  { places }: ClaimSubset,
  balances: readonly Balance[],
  all: Balance[],
): void {
  for (const [index, place] of places.entries()) {
    const balance = balances[index];
    if (balance !== undefined) all[place] = balance;
  }
}

/** Returns the violations of a subset, with the places of their claims among all claims. */
export function placedViolations(
  { places }: ClaimSubset,
  violations: readonly Violation[],
): Violation[] {
  return violations.map((violation) => ({
    ...violation,
    claim: places[violation.claim] ?? violation.claim,
  }));
}
