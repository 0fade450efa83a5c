import { expect } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

export const DEADLINE_MS = 250;
const WRITES_AT_START = 100;
/** What a busy machine may add. It is not part of a guarantee. */
export const SLACK_MS = 750;

/** Lets a ledger do so many writes that its process is not starting any more. */
export async function warmUp(ledger: Ledger): Promise<void> {
  const ids = Array.from({ length: WRITES_AT_START }, (_, index) => `warm ${index}`);
  await Promise.all(ids.map((id) => ledger.release(id)));
}

/** Asserts that a verb fails as a store failure, and in time. */
export async function fails(verb: Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await expect(verb).rejects.toThrow(LedgerError);
  expect(performance.now() - startMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
}
