import type { Rule } from '../ledger.ts';
import { COUNTERS_FROM, type Counter, type Row } from '../memory/counter.ts';
import { nameOf } from '../memory/rolling-counter.ts';
import type { Share } from '../memory/share.ts';
import { HEAD_BYTES, SLOT_BYTES } from './layout.ts';

export { counterFor } from '../memory/counter-for.ts';
export { balancesOf, violationsOf } from '../memory/share.ts';

/** A claim, and where in the values of its plan's accounts it is counted. */
export interface PlacedClaim {
  readonly counter: Counter;
  /** The index of its account in the plan. */
  readonly account: number;
  readonly slot: Buffer;
  /** The index of its first double in an account that begins with the plan's layout. */
  readonly place: number;
}

const DOUBLE_BYTES = 8;
/** An earlier bucket: slot, number, amount. */
const BUCKET_BYTES = SLOT_BYTES + 2 * DOUBLE_BYTES;

/**
 * The claims of a plan with what was counted for them, for the arithmetic of balances and violations.
 * `values`: one for each account of the plan, as Redis keeps it, beginning with the plan's layout.
 */
export function sharesOf(
  claims: readonly PlacedClaim[],
  values: readonly Buffer[],
  costOf: (rule: Rule) => number,
): readonly Share[] {
  return claims.map(({ counter, account, slot, place }) => {
    const row = rowOf(counter, values[account] ?? NO_VALUE, slot, place);
    const cost = costOf(counter.rule);
    return { key: '', counter, cost, heldAt: counter.heldAt, row, at: COUNTERS_FROM, window: 0 };
  });
}

function rowOf({ rule, width }: Counter, value: Buffer, slot: Buffer, place: number): Row {
  const row: Row = [0, 0, COUNTERS_FROM + width];
  const at = HEAD_BYTES + SLOT_BYTES * value.readUInt16LE(0) + DOUBLE_BYTES * place;
  const first = value.readDoubleLE(at);
  if (rule.kind === 'calendar') {
    row.push(value.readDoubleLE(at + 8), value.readDoubleLE(at + 16), first);
  } else if (rule.kind === 'rate') {
    row.push(first, value.readDoubleLE(at + 8));
  } else {
    row.push(first);
  }
  if (rule.kind === 'rolling') {
    pushBucket(row, value.readDoubleLE(at + 8), value.readDoubleLE(at + 24));
    pushEarlierBuckets(row, value, slot);
  }
  return row;
}

function pushEarlierBuckets(row: Row, value: Buffer, slot: Buffer): void {
  const doubles = value.readUInt16LE(2);
  const from = HEAD_BYTES + SLOT_BYTES * value.readUInt16LE(0) + DOUBLE_BYTES * doubles;
  for (let at = from; at < value.length; at += BUCKET_BYTES) {
    if (value.compare(slot, 0, SLOT_BYTES, at, at + SLOT_BYTES) !== 0) continue;
    pushBucket(row, value.readDoubleLE(at + 8), value.readDoubleLE(at + 16));
  }
}

function pushBucket(row: Row, number: number, amount: number): void {
  row.push(nameOf(COUNTERS_FROM, number), amount);
}

const NO_VALUE = Buffer.alloc(0);
