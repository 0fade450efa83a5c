import type { Claim, Rule, Unit } from '../ledger.ts';
import { storable } from './storable.ts';

/** Claims as the functions of the schema take them. */
export interface EncodedClaims {
  /** Each subject once, in the order in which all lock them: from narrow to wide, everybody's last. */
  readonly subjects: readonly string[];
  /** Of which subject each claim is, from 1. */
  readonly who: readonly number[];
  /** Subjects, `who`, the name of each claim's slot, ten numbers for each claim. */
  readonly values: readonly [
    readonly string[],
    readonly number[],
    readonly string[],
    readonly number[],
  ];
}

export const EVERYBODY = 'everybody';

export const UNITS: readonly Unit[] = [
  'requests',
  'tokens',
  'inputTokens',
  'outputTokens',
  'nanoUsd',
  'concurrent',
];

const RUNNING_WINDOW = -1;

/** `costOf` says what is held of a rule, `addedOf` what is at once added to what was used. */
export function encodeClaims(
  claims: readonly Claim[],
  costOf: (rule: Rule) => number,
  addedOf: (rule: Rule) => number,
): EncodedClaims {
  const names = claims.map(({ subject }) => storable(subject));
  const subjects = [...new Set(names)].sort(byWidth);
  const who = names.map((name) => subjects.indexOf(name) + 1);
  const slots = claims.map(({ rule }) => slotName(rule));
  const shares = claims.flatMap(({ rule }) => {
    const unit = UNITS.indexOf(rule.unit) + 1;
    const { kind, capacity, terms } = termsOf(rule);
    return [kind, unit, capacity, costOf(rule), RUNNING_WINDOW, ...terms, addedOf(rule)];
  });
  return { subjects, who, values: [subjects, who, slots, shares] };
}

/** By bytes, as Postgres orders in its collation "C". */
function byWidth(a: string, b: string): number {
  if (a === EVERYBODY || b === EVERYBODY) return a === b ? 0 : a === EVERYBODY ? 1 : -1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The same key of another kind or window counts apart. */
function slotName(rule: Rule): string {
  const window = rule.kind === 'rolling' ? ` ${rule.windowMs}` : '';
  return storable(`${rule.kind}${window} ${rule.key}`);
}

type Terms = readonly [number, number, number, number];

function termsOf(rule: Rule): { kind: number; capacity: number; terms: Terms } {
  const capacity = rule.amount;
  switch (rule.kind) {
    case 'calendar': {
      const [first, second] = rule.windows;
      const terms = [first.startMs, first.endMs, second.startMs, second.endMs] as const;
      return { kind: 0, capacity, terms };
    }
    case 'rolling':
      return { kind: 1, capacity, terms: [rule.windowMs, 0, 0, 0] };
    case 'rate':
      return {
        kind: 2,
        capacity: rule.amount === 0 ? 0 : rule.burst,
        terms: [rule.amount, rule.periodMs, 0, 0],
      };
    case 'concurrent':
      return { kind: 3, capacity, terms: [0, 0, 0, 0] };
  }
}
