/** Each verb leaves at most one row to sweep, and a sweep takes more, so that sweeps keep pace. */
const VERBS_PER_SWEEP = 500;

/**
 * Deletes what is over while verbs pass. One sweep runs at a time, and no verb waits for it. After a
 * failed sweep the next verb begins another, so that a failure leaves nothing behind forever.
 */
export class Sweeper {
  readonly #sweep: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #verbs = 0;
  #isRunning = false;
  #isFailing = false;

  constructor(sweep: () => Promise<void>, onError: (error: unknown) => void) {
    this.#sweep = sweep;
    this.#onError = onError;
  }

  /** Called at each verb. */
  pass(): void {
    this.#verbs += 1;
    if (this.#verbs >= VERBS_PER_SWEEP && !this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      await this.#sweep();
      this.#verbs = 0;
      this.#isFailing = false;
    } catch (error) {
      // Once for each outage: the sweeps that follow fail for the same reason.
      if (!this.#isFailing) this.#onError(error);
      this.#isFailing = true;
    } finally {
      this.#isRunning = false;
    }
  }
}
