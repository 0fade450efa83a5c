import { type SharedDeadline, withDeadline } from '../../base/deadline.ts';
import { LedgerError } from '../../core/errors.ts';

/** The store did not answer within the deadline. Its answer may still come. */
export class SilenceError extends LedgerError {}

/**
 * Returns the answer of a store within the deadline, or throws a `LedgerError`. A `TypeError` is passed
 * on, because it means a mistake in the call.
 */
export async function answerWithin<T>(
  verb: () => Promise<T>,
  deadline: number | SharedDeadline,
): Promise<T> {
  const ms = typeof deadline === 'number' ? deadline : deadline.ms;
  const late = () => new SilenceError(`the store did not answer within ${ms} ms`);
  try {
    return await withDeadline(verb(), deadline, late);
  } catch (error) {
    throw asLedgerError(error);
  }
}

/** Returns what a verb threw as what a ledger throws. */
function asLedgerError(error: unknown): Error {
  if (error instanceof TypeError || error instanceof LedgerError) return error;
  return new LedgerError(error instanceof Error ? error.message : String(error), { cause: error });
}
