import { hash } from 'node:crypto';
import type { Unit } from '../amounts.ts';
import type { Rule } from '../ledger.ts';

/**
 * How one rule counts. A counter keeps no numbers itself: they are a section of an account, from
 * `at` on, with their count in front. Only the counter interprets them. If all are zero, it has
 * never counted.
 */
export abstract class Counter<Its extends Rule = Rule> {
  readonly rule: Its;
  readonly unit: Unit;
  /** Finds the section of this counter in an account. */
  readonly slot: Slot;
  /** How many numbers a section has at first. */
  readonly width: number;
  /** Where, from `at`, the held amount is; -1 if a hold is charged at once. */
  readonly heldAt: number;
  /** What may be used and held together. */
  readonly capacity: number;
  /** Whether it counts without ever refusing. */
  readonly isShadow: boolean;
  /** Whether credits may take what does not fit in it. */
  readonly spills: boolean;
  /** Whether it takes only what rules that spill leave over. */
  readonly isCredit: boolean;
  /** Where its section was found last. Accounts of one plan are alike, so it is mostly there
   * again. */
  seenAt = 0;

  constructor(rule: Its, width: number, heldAt: number, capacity = rule.amount) {
    this.rule = rule;
    this.unit = rule.unit;
    this.slot = knownSlot(nameOf(rule));
    this.width = width;
    this.heldAt = heldAt;
    this.capacity = capacity;
    this.isShadow = rule.shadow === true;
    this.spills = 'spills' in rule && rule.spills === true;
    this.isCredit = rule.kind === 'balance' && rule.isCredit === true;
  }

  /** Whether nothing fits, not even a call that costs nothing. */
  get deniesAll(): boolean {
    return this.capacity === 0;
  }

  abstract used(numbers: Numbers, at: number, nowMs: number): number;
  /** Moves on to the window of now. Returns its identity, for a later `add`. */
  abstract open(numbers: number[], at: number, nowMs: number): number;
  /** Adds to the usage of a window, unless that is over. Returns the numbers, or a larger copy. */
  abstract add(
    numbers: number[],
    at: number,
    window: number,
    amount: number,
    nowMs: number,
  ): number[];
  /** Makes `used` at most 0. */
  abstract forgive(numbers: number[], at: number, nowMs: number): void;
  /** Returns when `used` first falls to `target` by time alone; `undefined` if it never does. */
  abstract fallsToAtMs(
    numbers: Numbers,
    at: number,
    target: number,
    nowMs: number,
  ): number | undefined;
  /** Returns the time from which the present usage no longer counts. */
  abstract idleFromMs(numbers: Numbers, at: number, nowMs: number): number;
}

/** The same key of another kind or window counts apart. */
const nameOf = (rule: Rule): string =>
  `${rule.kind}/${rule.kind === 'rolling' ? rule.windowMs : ''}/${rule.key}`;

/** The name of a counter as two numbers. Users name limits of their own tokens, so it is a hash
 * for which a second name cannot be found. */
export type Slot = readonly [number, number];

export function slotNamed(name: string): Slot {
  const digest = hash('sha256', name);
  return [slotNumber(digest.slice(0, 12)), slotNumber(digest.slice(12, 24))];
}

/** Many rules have one name: a rate with a burst for each call, a window that moves on. */
const SLOTS_MAX = 1_000;
const slots = new Map<string, Slot>();

function knownSlot(name: string): Slot {
  let slot = slots.get(name);
  if (slot !== undefined) return slot;
  if (slots.size >= SLOTS_MAX) slots.clear();
  slot = slotNamed(name);
  slots.set(name, slot);
  return slot;
}

/** A negative fraction. No amount, debt or time is one, so a slot is never mistaken for these. */
const slotNumber = (hex: string): number => -0.5 - Number.parseInt(hex, 16);

export type Numbers = readonly number[];

export function numberAt(numbers: Numbers, index: number): number {
  return numbers[index] ?? 0;
}

/** Doubles count exactly up to here. A larger amount stays at this value, which is over every
 * limit. */
export function saturate(amount: number): number {
  return Math.min(amount, Number.MAX_SAFE_INTEGER);
}
