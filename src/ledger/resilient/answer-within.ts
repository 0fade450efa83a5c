import { LedgerError } from '../../core/errors.ts';

/** The store did not answer within the deadline. Its answer may still come. */
export class SilenceError extends LedgerError {}

/**
 * Returns the answer of a store within `deadlineMs`, else throws a `LedgerError`. A `TypeError` is
 * passed on, because it is a mistake in the call. If this process was itself busy for that long, it
 * first reads what has arrived meanwhile: its own delay is not the store's silence.
 */
export function answerWithin<T>(verb: () => Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(new SilenceError(`the store did not answer within ${deadlineMs} ms`));
    const timer = setTimeout(() => setImmediate(late), deadlineMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(asLedgerError(error));
    };
    const answer = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    try {
      verb().then(answer, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Returns the error of a verb as an error of a ledger. */
export function asLedgerError(error: unknown): Error {
  if (error instanceof TypeError || error instanceof LedgerError) return error;
  return new LedgerError(error instanceof Error ? error.message : String(error), { cause: error });
}
