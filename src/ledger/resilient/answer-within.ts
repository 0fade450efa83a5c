import { LedgerError } from '../../core/errors.ts';

/** The store said nothing for the whole deadline. Its answer may still come. */
export class SilenceError extends LedgerError {}

/**
 * The answer of a store within `deadlineMs`, else a `LedgerError`; a `TypeError` is passed on, since it
 * tells of a mistake in the call. A process that was itself busy for that long reads first what has
 * arrived meanwhile: its own delay is not the store's silence.
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

/** What a verb threw, as what a ledger throws. */
export function asLedgerError(error: unknown): Error {
  if (error instanceof TypeError || error instanceof LedgerError) return error;
  return new LedgerError(error instanceof Error ? error.message : String(error), { cause: error });
}
