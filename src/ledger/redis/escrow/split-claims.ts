import { type ClaimSubset, placeBalances, placedViolations, subsetOf } from '../../claim-subset.ts';
import type { Balance, Claim, Granted, NotGranted, Violation } from '../../ledger.ts';

/** The claims of one verb by where they are decided. */
export interface SplitClaims {
  /** Shared limits of which a process leases a chunk. */
  readonly leased: ClaimSubset;
  /** Shared rates. A bucket refills all the time, so no chunk of it is leased. */
  readonly rates: ClaimSubset;
  readonly own: ClaimSubset;
}

export const splitClaims = (claims: readonly Claim[]): SplitClaims => ({
  leased: subsetOf(claims, ({ scope, rule }) => scope === 'shared' && rule.kind !== 'rate'),
  rates: subsetOf(claims, ({ scope, rule }) => scope === 'shared' && rule.kind === 'rate'),
  own: subsetOf(claims, ({ scope }) => scope === 'own'),
});

/** What was decided on some of the claims. */
export interface PartDecision {
  readonly subset: ClaimSubset;
  readonly decision: Granted | NotGranted;
  /** It was granted, and then given back because another part was denied. */
  readonly wasGivenBack?: true;
}

/** Returns the decisions on all parts as one, in the order of all claims. */
export function joined(parts: readonly PartDecision[]): Granted | NotGranted {
  const balances: Balance[] = [];
  const violations: Violation[] = [];
  for (const { subset, decision } of parts) {
    placeBalances(subset, decision.balances, balances);
    if (!decision.granted) violations.push(...placedViolations(subset, decision.violations));
  }
  if (violations.length === 0) return { granted: true, balances };
  violations.sort((a, b) => a.claim - b.claim);
  return { granted: false, violations, balances };
}
