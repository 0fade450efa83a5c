import { type Amounts, amountIn } from '../amounts.ts';
import type { Counter } from '../counting/counter.ts';
import { counterFor } from '../counting/counter-for.ts';
import { partWith } from '../counting/decide.ts';
import type { Part } from '../counting/part.ts';
import type { Rule } from '../ledger.ts';
import { HEAD_BYTES, SLOT_BYTES } from './script/layout.ts';

/** A claim, and the place of its counter in the values of its plan's accounts. */
export interface PlacedClaim {
  /** Of rates, which may differ in their burst, one of them. */
  readonly rule: Rule;
  /** The index of its account in the plan. */
  readonly account: number;
  readonly slot: Buffer;
  /** The index of its first double in an account that begins with the plan's layout. */
  readonly place: number;
  /** The index of the claim on credits that takes what does not fit, or that this is; -1 if there is none. */
  readonly credits: number;
}

const DOUBLE_BYTES = 8;
/** An earlier bucket: slot, number, amount. */
const BUCKET_BYTES = SLOT_BYTES + 2 * DOUBLE_BYTES;

/** Returns claims with their counters, for balances and violations. `placed`: the same claims in their plan.
 * `values`: one for each account of the plan, as Redis stores it, beginning with the plan's layout. */
export function partsOf(
  counters: readonly Counter[],
  placed: readonly PlacedClaim[],
  values: readonly Buffer[],
  held: Amounts,
): readonly Part[] {
  return placed.map(({ rule, account, slot, place }, index) => {
    const counter = counters[index] ?? counterFor(rule);
    const numbers = numbersIn(values[account] ?? NO_VALUE, rule.kind, slot, place);
    return partWith(counter, amountIn(held, rule.unit), numbers, `${account}`);
  });
}

/** Returns the numbers of one counter, in the order that `counting/` uses. */
function numbersIn(value: Buffer, kind: Rule['kind'], slot: Buffer, place: number): number[] {
  const at = HEAD_BYTES + SLOT_BYTES * value.readUInt16LE(0) + DOUBLE_BYTES * place;
  const double = (index: number) => value.readDoubleLE(at + DOUBLE_BYTES * index);
  switch (kind) {
    case 'calendar':
      return [double(1), double(2), double(0)];
    case 'rate':
      return [double(0), double(1)];
    case 'concurrent':
      return [double(0)];
    case 'balance':
      return [double(1), double(0)];
    case 'rolling':
      return [double(0), double(1), double(3), ...earlierBuckets(value, slot)];
  }
}

function earlierBuckets(value: Buffer, slot: Buffer): number[] {
  const doubles = value.readUInt16LE(2);
  const from = HEAD_BYTES + SLOT_BYTES * value.readUInt16LE(0) + DOUBLE_BYTES * doubles;
  const buckets: number[] = [];
  for (let at = from; at < value.length; at += BUCKET_BYTES) {
    if (value.compare(slot, 0, SLOT_BYTES, at, at + SLOT_BYTES) !== 0) continue;
    buckets.push(value.readDoubleLE(at + 8), value.readDoubleLE(at + 16));
  }
  return buckets;
}

const NO_VALUE = Buffer.alloc(0);
