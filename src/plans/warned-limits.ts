import type { Unit } from '../ledger/amounts.ts';
import type { Rule } from '../ledger/ledger.ts';
import type { Limit } from './limit.ts';

/** A limit with `warnAt`, prepared so that a call that reaches no fraction costs one comparison. */
export interface WarnedLimit {
  /** Its place among the claims. */
  readonly place: number;
  readonly unit: Unit;
  readonly spills: boolean;
  /** The least usage that reaches a fraction, in `unit`. */
  readonly least: number;
  /** Ascending. */
  readonly fractions: readonly number[];
}

export const NO_WARNED: readonly WarnedLimit[] = [];

/** Returns the limits that have `warnAt`. */
export function warnedLimits(
  applied: readonly { readonly limit: Limit; readonly rule: Rule }[],
): readonly WarnedLimit[] {
  let warned: WarnedLimit[] | undefined;
  for (const [place, { limit, rule }] of applied.entries()) {
    const { warnAt: fractions, spills = false } = limit;
    const lowest = fractions?.[0];
    if (fractions === undefined || lowest === undefined) continue;
    warned ??= [];
    warned.push({ place, unit: rule.unit, spills, least: usageAt(rule, lowest), fractions });
  }
  return warned ?? NO_WARNED;
}

/** What floats may add to a product: 0.07 of 100 are 7.000000000000001 there. */
const ROUNDING = 1 - 2 ** -50;

/** The usage that reaches a fraction of a limit. */
export const usageAt = ({ amount }: Rule, fraction: number): number =>
  Math.ceil(fraction * amount * ROUNDING);
