import { type ClaimSubset, placeBalances, placedViolations, subsetOf } from '../../claim-subset.ts';
import type { Balance, Claim, Granted, NotGranted, Rule, Violation } from '../../ledger.ts';

/** The claims of one verb by where they are decided. */
export interface SplitClaims {
  /** Shared limits of which a process leases a chunk. */
  readonly leased: ClaimSubset;
  /** Other shared limits, which are decided at each call. */
  readonly exact: ClaimSubset;
  readonly own: ClaimSubset;
}

/** Whether a process may lease chunks of a shared limit. */
export type IsLeased = (rule: Rule) => boolean;

/** A bucket refills all the time, credits are for what does not fit elsewhere, and a shadow has to report each
 * call, so no chunks of these are leased. */
export const isLeased: IsLeased = (rule) =>
  rule.kind !== 'rate' &&
  rule.kind !== 'balance' &&
  rule.shadow !== true &&
  !('spills' in rule && rule.spills === true);

export const splitClaims = (claims: readonly Claim[], leases: IsLeased): SplitClaims => ({
  leased: subsetOf(claims, ({ scope, rule }) => scope === 'shared' && leases(rule)),
  exact: subsetOf(claims, ({ scope, rule }) => scope === 'shared' && !leases(rule)),
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
  const wouldDeny: Violation[] = [];
  for (const { subset, decision } of parts) {
    placeBalances(subset, decision.balances, balances);
    if (!decision.granted) violations.push(...placedViolations(subset, decision.violations));
    else wouldDeny.push(...placedViolations(subset, decision.wouldDeny ?? []));
  }
  if (violations.length > 0) {
    return { granted: false, violations: violations.sort(byClaim), balances };
  }
  if (wouldDeny.length === 0) return { granted: true, balances };
  return { granted: true, balances, wouldDeny: wouldDeny.sort(byClaim) };
}

const byClaim = (a: Violation, b: Violation): number => a.claim - b.claim;
