import type { InvoiceLine } from './invoice.ts';

/** What became billable when a frame was generated. */
export interface Bill {
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly webSearches: number;
  /** Fees of hosted tools. */
  readonly feesUsd: number;
}

/** A piece of the body of an answer, and what generating it costs. */
export interface BilledFrame {
  readonly bytes: string | Uint8Array;
  readonly bill: Bill;
}

export const FREE: Bill = { outputTokens: 0, reasoningTokens: 0, webSearches: 0, feesUsd: 0 };

export function outputBill(outputTokens: number): Bill {
  return { ...FREE, outputTokens };
}

/** Hidden tokens, which no frame shows. */
export function reasoningBill(reasoningTokens: number): Bill {
  return { ...FREE, outputTokens: reasoningTokens, reasoningTokens };
}

export function addBill(line: InvoiceLine, bill: Bill): void {
  line.outputTokens += bill.outputTokens;
  line.reasoningTokens += bill.reasoningTokens;
  line.webSearches += bill.webSearches;
  line.feesUsd += bill.feesUsd;
}

/** Adds two bills. */
export function joined(a: Bill, b: Bill): Bill {
  return {
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    webSearches: a.webSearches + b.webSearches,
    feesUsd: a.feesUsd + b.feesUsd,
  };
}

/**
 * Cuts the same bytes in other places: in pieces of one size, or at the given byte offsets of the whole
 * body. A frame is billed with the first piece that contains a byte of it.
 */
export function* recut(
  frames: Iterable<BilledFrame>,
  cuts: number | readonly number[],
): Generator<BilledFrame> {
  const sizes = sizesOf(cuts);
  let size = nextSize(sizes);
  let pending: Uint8Array = new Uint8Array();
  let bill = FREE;
  for (const frame of frames) {
    pending = Buffer.concat([pending, Buffer.from(frame.bytes)]);
    bill = joined(bill, frame.bill);
    for (; pending.length >= size; size = nextSize(sizes), bill = FREE) {
      yield { bytes: pending.subarray(0, size), bill };
      pending = pending.subarray(size);
    }
  }
  if (pending.length > 0) yield { bytes: pending, bill };
}

function* sizesOf(cuts: number | readonly number[]): Generator<number, void> {
  if (typeof cuts === 'number') for (;;) yield Math.max(1, cuts);
  let previous = 0;
  for (const cut of cuts) {
    if (cut > previous) yield cut - previous;
    previous = Math.max(previous, cut);
  }
}

function nextSize(sizes: Iterator<number, void>): number {
  return sizes.next().value ?? Number.POSITIVE_INFINITY;
}
