import { LedgerError } from '../../core/errors.ts';
import { answerWithin, SilenceError } from '../resilient/answer-within.ts';
import { COLD_DEADLINE_MS, ColdStart } from '../resilient/cold-start.ts';
import type { Driver, Row } from './driver.ts';
import { isLost, isUndone, isUnread } from './failures.ts';
import type { Value } from './literals.ts';

const REPEATS_MAX = 3;
const PAUSE_MS = 8;

/** Sends statements with a deadline, and repeats what may be repeated. */
export class Calls {
  readonly #driver: Driver;
  readonly #deadlineMs: number;
  readonly #start = new ColdStart();

  constructor(driver: Driver, deadlineMs: number) {
    this.#driver = driver;
    this.#deadlineMs = deadlineMs;
  }

  /** Returns until when a verb that begins now may take, on the monotonic clock. */
  deadline(): number {
    const coldMs = this.#start.isOver ? 0 : COLD_DEADLINE_MS;
    return performance.now() + Math.max(this.#deadlineMs, coldMs);
  }

  /** Postgres has done a write, which ends the start of the process sooner. */
  wrote(): void {
    this.#start.wrote();
  }

  /** Returns what is left until then, in whole milliseconds. Throws if nothing is left. */
  leftMs(deadline: number): number {
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs > 0) return leftMs;
    throw this.late();
  }

  late(): LedgerError {
    return new SilenceError(
      `Postgres did not answer in time ("deadlineMs" is ${this.#deadlineMs})`,
    );
  }

  /** Sent again only if Postgres provably did not run it. */
  async once(text: string, values: readonly Value[], deadline: number): Promise<Row> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        const [row] = await this.all(text, values, deadline);
        if (row === undefined) throw new LedgerError('Postgres answered no row');
        return row;
      } catch (error) {
        if (!isUnread(error) || repeats === REPEATS_MAX) throw error;
      }
    }
  }

  async all(text: string, values: readonly Value[], deadline: number): Promise<readonly Row[]> {
    return this.within((leftMs) => this.#driver.query(text, values, leftMs), deadline);
  }

  /** Every failure, and every late answer, is thrown as `LedgerError`. */
  async within<T>(ask: (leftMs: number) => Promise<T>, deadline: number): Promise<T> {
    const leftMs = this.leftMs(deadline);
    return answerWithin(() => ask(leftMs), leftMs);
  }

  /** The same for work that has one effect however often it is done: it is repeated after a
   * failure. */
  async repeated<T>(ask: () => Promise<T>, deadline: number): Promise<T> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await this.within(ask, deadline);
      } catch (error) {
        const mayPass = isUndone(error) || isLost(error);
        if (!mayPass || repeats === REPEATS_MAX) throw error;
        await pause(PAUSE_MS * Math.random() * repeats);
      }
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
