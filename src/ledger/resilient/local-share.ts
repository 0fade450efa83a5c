import type { Claim, OnFailure, Rule } from '../ledger.ts';

/** What is done with a rule while the store fails, where its limit does not say. */
export function onFailureOf(rule: Rule): OnFailure {
  if (rule.onFailure !== undefined) return rule.onFailure;
  const bounded = rule.kind === 'rate' || rule.kind === 'concurrent';
  return bounded && rule.unit !== 'nanoUsd' ? 'local' : 'deny';
}

/**
 * The claim on what this process gives out alone: its limit divided among `processes`, rounded down,
 * but at least 1 where the limit is not 0, so that a limit below their number locks nobody out.
 */
export function localShare({ subject, rule }: Claim, processes: number): Claim {
  const part = (amount: number) => (amount === 0 ? 0 : Math.max(1, Math.floor(amount / processes)));
  const amount = part(rule.amount);
  if (rule.kind !== 'rate') return { subject, rule: { ...rule, amount } };
  return { subject, rule: { ...rule, amount, burst: part(rule.burst) } };
}

/** The most that one call can ever take from a rule. */
export function roomOf(rule: Rule): number {
  return rule.kind === 'rate' ? rule.burst : rule.amount;
}
