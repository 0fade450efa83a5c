import { LedgerError } from '../../errors.ts';
import { answerWithin, SilenceError } from './answer-within.ts';

export interface StoreHealthOptions {
  /** How long one verb may take. */
  readonly deadlineMs: number;
  /** Asks the store for something that it has to write; whether it fails decides when service is back. */
  readonly probe: () => Promise<unknown>;
  readonly onFailing: (reason: string) => void;
  readonly onWell: () => void;
}

/** So many failures in a row, with no answer between them: it is the store, and not one call. */
const FAILURES_MAX = 3;
const PROBE_MS_FIRST = 100;
const PROBE_MS_MAX = 1_000;

/** Thrown in place of asking a store that is known to fail. */
export class StoreFailingError extends LedgerError {}

/**
 * A circuit breaker: a store that fails is asked by a probe of ours, at most once a second, and by no
 * call until it has answered that. One that stays silent for a whole deadline towards everybody is
 * failing at once; one that answers with errors, after three in a row.
 */
export class StoreHealth {
  readonly #options: StoreHealthOptions;
  #failures = 0;
  #answers = 0;
  #reason: string | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
  }

  get failing(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * The answer of the store, or a `LedgerError` within the deadline: `StoreFailingError` when it was
   * not asked. A `TypeError` is a mistake in the call, and says nothing of the store.
   */
  ask<T>(verb: () => Promise<T>): Promise<T> {
    if (this.#reason !== undefined) return Promise.reject(new StoreFailingError(this.#reason));
    const answersBefore = this.#answers;
    return this.try(verb).then(
      (answer) => {
        this.#failures = 0;
        this.#answers += 1;
        return answer;
      },
      (error: unknown) => {
        if (error instanceof LedgerError) this.#failed(error, answersBefore);
        throw error;
      },
    );
  }

  /** The same, whatever is known of the store, and without learning from it. */
  try<T>(verb: () => Promise<T>, deadlineMs = this.#options.deadlineMs): Promise<T> {
    return answerWithin(verb, deadlineMs);
  }

  /** Nothing is asked after it. */
  close(): void {
    this.#closed = true;
    this.#reason = 'the ledger is closed';
    clearTimeout(this.#probeTimer);
  }

  #failed(error: LedgerError, answersBefore: number): void {
    if (this.#reason !== undefined || this.#closed) return;
    this.#failures += 1;
    const silent = error instanceof SilenceError && this.#answers === answersBefore;
    if (!silent && this.#failures < FAILURES_MAX) return;
    this.#reason = error.message;
    this.#probeIn(PROBE_MS_FIRST);
    this.#options.onFailing(error.message);
  }

  #probeIn(delayMs: number): void {
    this.#probeTimer = setTimeout(() => void this.#probe(delayMs), delayMs).unref();
  }

  async #probe(delayMs: number): Promise<void> {
    try {
      await this.try(this.#options.probe);
    } catch {
      if (!this.#closed) this.#probeIn(Math.min(delayMs * 2, PROBE_MS_MAX));
      return;
    }
    if (this.#closed) return;
    this.#reason = undefined;
    this.#failures = 0;
    this.#options.onWell();
  }
}
