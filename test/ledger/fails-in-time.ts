import { expect } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';

export const DEADLINE_MS = 250;
/** What a busy machine may add. It is not part of a guarantee. */
export const SLACK_MS = 750;

/** Asserts that a verb fails as a store failure, and in time. */
export async function fails(verb: Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await expect(verb).rejects.toThrow(LedgerError);
  expect(performance.now() - startMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
}
