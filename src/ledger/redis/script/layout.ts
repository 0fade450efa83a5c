import { createHash } from 'node:crypto';
import { UNITS } from '../../amounts.ts';
import type { Rule } from '../../ledger.ts';

/** A hold stores one amount for each unit, so another number of units is another layout. */
const LAYOUT_FOR_UNITS = { 9: 4 } as const;
/** The layout's number is in all keys of counters, so that processes with another layout do not read them. */
const LAYOUT = LAYOUT_FOR_UNITS[UNITS.length];

/** The keys of a namespace that every batch names, in the order of KEYS; see README.md. */
export function fixedKeys(prefix: string): readonly string[] {
  const names = ['holds', 'leases', 'ended:0', 'ended:1', 'ended:2'];
  return names.map((name) => `${prefix}${LAYOUT}:${name}`);
}

export const accountKey = (prefix: string, account: string): string =>
  `${prefix}${LAYOUT}:a:${account}`;

/** The first is kind 1. */
const KINDS: readonly Rule['kind'][] = ['rolling', 'calendar', 'rate', 'concurrent', 'balance'];
/** How many doubles a slot has, by its kind. */
export const SLOT_WIDTHS: readonly number[] = [4, 3, 2, 1, 2];
/** The index of an account's first slot: before it are kept-until and the era. */
export const FIRST_PLACE = 2;

/** No account is kept longer, so that Redis can read its time to live. That is 31,000 years, and for ever for a
 * balance. */
export const KEPT_MS_MAX = 1e15;

/** Of an account: how many slots it has, and how many doubles. */
export const HEAD_BYTES = 4;
export const SLOT_BYTES = 8;

/** Eight bytes: the kind, then a hash of the key. The same key over another rolling window counts apart. */
export function slotOf(rule: Rule): Buffer {
  const name = `${rule.kind === 'rolling' ? rule.windowMs : ''}/${rule.key}`;
  const slot = createHash('sha256').update(name).digest().subarray(0, SLOT_BYTES);
  slot[0] = KINDS.indexOf(rule.kind) + 1;
  return slot;
}

export const widthOf = (slot: Buffer): number => SLOT_WIDTHS[(slot[0] ?? 0) - 1] ?? 0;

/**
 * Longer than members of a small list may be: Redis stores a list that contains it as a table or a
 * tree, which costs less if many come and go. No id is like it, because each begins with a letter.
 */
export const FILLER = '-'.repeat(65);
