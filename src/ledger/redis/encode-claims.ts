import { counterFor } from '../counting/counter-for.ts';
import { type Part, partWith } from '../counting/part.ts';
import type { Amounts, Claim, Rule, Unit } from '../ledger.ts';

/** What is kept at least, however short a window: tombstones and late settlements need it. */
const KEPT_MS_MIN = 172_800_000;

const UNITS: readonly Unit[] = [
  'requests',
  'tokens',
  'inputTokens',
  'outputTokens',
  'nanoUsd',
  'concurrent',
];

export interface EncodedClaims {
  /** Each once, in the order of the claims. */
  readonly subjects: readonly string[];
  /** The place of each claim as they are sent: those of one subject together. */
  readonly places: readonly number[];
  /** For the scripts, nine doubles for each claim: subject (from 1), unit, capacity, cost, kind and its
   * parameters, and how long it is kept. */
  readonly numbers: Buffer;
  /** Where each claim counts on its subject. */
  readonly slots: readonly string[];
}

/** What a script is told of a rule; the same for every call. */
interface EncodedRule {
  readonly slot: string;
  readonly unit: number;
  readonly capacity: number;
  readonly numbers: readonly number[];
  readonly keptMs: number;
}

const WIDTH = 9;
const encodedRules = new WeakMap<Rule, EncodedRule>();

/** `costOf` answers what a claim takes, in its unit. */
export function encodeClaims(
  claims: readonly Claim[],
  costOf: (rule: Rule) => number,
): EncodedClaims {
  const subjects = [...new Set(claims.map(({ subject }) => subject))];
  const places: number[] = [];
  const slots: string[] = [];
  const numbers = new Float64Array(claims.length * WIDTH);
  for (const [place, subject] of subjects.entries()) {
    for (const [index, { subject: its, rule }] of claims.entries()) {
      if (its !== subject) continue;
      const { slot, unit, capacity, numbers: own, keptMs } = encodedRule(rule);
      const at = slots.length * WIDTH;
      places[index] = slots.length;
      slots.push(slot);
      numbers.set([place + 1, unit, capacity, costOf(rule)], at);
      numbers.set(own, at + 4);
      numbers[at + 8] = keptMs;
    }
  }
  return { subjects, places, slots, numbers: Buffer.from(numbers.buffer) };
}

function encodedRule(rule: Rule): EncodedRule {
  const known = encodedRules.get(rule);
  if (known !== undefined) return known;
  const encoded = {
    slot: slotOf(rule),
    unit: UNITS.indexOf(rule.unit) + 1,
    capacity: counterFor(rule).capacity,
    numbers: numbersOf(rule),
    keptMs: keptMs(rule),
  };
  encodedRules.set(rule, encoded);
  return encoded;
}

export const encodeAmounts = (amounts: Amounts): Buffer =>
  Buffer.from(Float64Array.from(UNITS, (unit) => amounts[unit]).buffer);

/** The same key of another kind or window counts apart. */
const slotOf = (rule: Rule): string =>
  `${rule.kind}/${rule.kind === 'rolling' ? rule.windowMs : ''}/${rule.key}`;

function numbersOf(rule: Rule): readonly number[] {
  switch (rule.kind) {
    case 'rolling':
      return [1, rule.windowMs];
    case 'calendar':
      return [2, rule.windows[0].startMs, rule.windows[0].endMs, rule.windows[1].startMs];
    case 'rate':
      return [3, rule.amount, rule.periodMs];
    case 'concurrent':
      return [4];
  }
}

function keptMs(rule: Rule): number {
  switch (rule.kind) {
    case 'rolling':
      return Math.max(KEPT_MS_MIN, 2 * rule.windowMs);
    case 'calendar':
      return Math.max(KEPT_MS_MIN, 2 * (rule.windows[0].endMs - rule.windows[0].startMs));
    case 'rate':
      return Math.max(
        KEPT_MS_MIN,
        Math.ceil((2 * rule.burst * rule.periodMs) / (rule.amount || 1)),
      );
    case 'concurrent':
      return KEPT_MS_MIN;
  }
}

/** Claims with the numbers that their counters have in the store, for the arithmetic of balances. */
export function partsWith(
  claims: readonly Claim[],
  { places }: EncodedClaims,
  counters: readonly (readonly (number | string)[])[],
  costs: Amounts,
): readonly Part[] {
  return claims.map((claim, index) => {
    const numbers = counters[places[index] ?? -1] ?? [];
    return partWith(claim, costs[claim.rule.unit], numbers.map(Number));
  });
}
