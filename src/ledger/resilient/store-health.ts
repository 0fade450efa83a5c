import { SharedDeadline } from '../../base/deadline.ts';
import { LedgerError } from '../../core/errors.ts';
import { answerWithin, SilenceError } from './answer-within.ts';
import { ColdStart } from './cold-start.ts';

interface StoreHealthOptions {
  /** How long one verb may take. */
  readonly deadlineMs: number;
  /** The same at the start of the process, see `ColdStart`. Default: `deadlineMs`. */
  readonly startDeadlineMs?: number;
  /** Asks the store for something that it must write. Its success ends the failure. */
  readonly probe: () => Promise<unknown>;
  readonly onFailing: (reason: string) => void;
  readonly onWell: () => void;
}

/** This many errors in a row, with no answer between them, are the store's fault and not one
 * call's. */
const FAILURES_MAX = 3;
/** A store is silent if it has not answered for so long, or for a whole deadline if that is
 * longer. */
const SILENCE_MS = 500;
const PROBE_MS_FIRST = 100;
const PROBE_MS_MAX = 1_000;

/** Thrown instead of calling a store that is known to fail. */
export class StoreFailingError extends LedgerError {}

/**
 * A circuit breaker. While a store fails, only a probe calls it, at most once a second, until the
 * probe succeeds. A store fails if it answers with three errors in a row, or does not answer for
 * half a second. A store that answers after the deadline is slow, not silent: each call is decided
 * at its deadline, and the next one calls the store again.
 */
export class StoreHealth {
  readonly #options: StoreHealthOptions;
  readonly #deadline: SharedDeadline;
  readonly #startDeadline: SharedDeadline;
  readonly #start = new ColdStart();
  #failures = 0;
  /** When the store was first called after its last answer. */
  #silentSinceMs: number | undefined;
  #reason: string | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
    const { deadlineMs, startDeadlineMs = deadlineMs } = options;
    this.#deadline = new SharedDeadline(deadlineMs);
    this.#startDeadline = new SharedDeadline(Math.max(deadlineMs, startDeadlineMs));
  }

  get failing(): boolean {
    return this.#reason !== undefined;
  }

  /**
   * Returns the answer of the store, or throws a `LedgerError` within the deadline:
   * `StoreFailingError` if the store was not called. A `TypeError` is a mistake in the call and does
   * not count against the store.
   */
  ask<T>(verb: () => Promise<T>): Promise<T> {
    if (this.#reason !== undefined) return Promise.reject(new StoreFailingError(this.#reason));
    this.#silentSinceMs ??= performance.now();
    const deadline = this.#start.isOver ? this.#deadline : this.#startDeadline;
    const answer = answerWithin(() => verb().then(this.#heard), deadline);
    return answer.catch(this.#noteFailure);
  }

  /** The same, but always calls the store, and does not count the result. */
  try<T>(verb: () => Promise<T>, deadlineMs: number): Promise<T> {
    return answerWithin(verb, deadlineMs);
  }

  /** The store has done a write, which ends the start of the process sooner. */
  wrote(): void {
    this.#start.wrote();
  }

  /** After this the store is not called. */
  close(): void {
    this.#closed = true;
    this.#reason = 'the ledger is closed';
    clearTimeout(this.#probeTimer);
  }

  /** Also called for an answer that is too late for its call. */
  readonly #heard = <T>(answer: T): T => {
    this.#silentSinceMs = undefined;
    this.#failures = 0;
    return answer;
  };

  readonly #noteFailure = (error: unknown): never => {
    if (error instanceof LedgerError && this.#reason === undefined && !this.#closed) {
      if (this.#isFailure(error)) this.#fail(error.message);
    }
    throw error;
  };

  #isFailure(error: LedgerError): boolean {
    if (!(error instanceof SilenceError)) {
      this.#failures += 1;
      return this.#failures >= FAILURES_MAX;
    }
    if (this.#silentSinceMs === undefined) return false;
    const silentMs = performance.now() - this.#silentSinceMs;
    return silentMs >= Math.max(SILENCE_MS, this.#options.deadlineMs);
  }

  #fail(reason: string): void {
    this.#start.end();
    this.#reason = reason;
    this.#probeIn(PROBE_MS_FIRST);
    this.#options.onFailing(reason);
  }

  #probeIn(delayMs: number): void {
    this.#probeTimer = setTimeout(() => void this.#probe(delayMs), delayMs).unref();
  }

  async #probe(delayMs: number): Promise<void> {
    try {
      await answerWithin(this.#options.probe, this.#deadline);
    } catch {
      if (!this.#closed) this.#probeIn(Math.min(delayMs * 2, PROBE_MS_MAX));
      return;
    }
    if (this.#closed) return;
    this.#reason = undefined;
    this.#failures = 0;
    this.#silentSinceMs = undefined;
    this.#options.onWell();
  }
}
