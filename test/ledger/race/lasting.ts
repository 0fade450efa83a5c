import type { CalendarRule } from '../../../src/ledger/ledger.ts';
import { daily } from '../../../src/testing/ledger-conformance/case.ts';

/** 2100-01-01T00:00:00Z. */
const CENTURY_MS = 4_102_444_800_000;
const windows = [
  { startMs: 0, endMs: CENTURY_MS },
  { startMs: CENTURY_MS, endMs: 2 * CENTURY_MS },
] as const;

/** A limit with one window, the same for every process that runs in this century. */
export const lasting = (amount: number): CalendarRule => daily(amount, { windows });
