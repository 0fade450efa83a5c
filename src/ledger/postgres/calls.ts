import { LedgerError } from '../../errors.ts';
import { answerWithin, SilenceError } from '../resilient/answer-within.ts';
import type { Driver, Row, Value } from './driver.ts';

/** The connection went away, so that nobody knows whether the statement had its effect. */
const LOST = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01',
  '57P02',
  '57P03',
  '08003',
  '08006',
]);
/** Another transaction was in the way, and this one was undone whole. */
const UNDONE = new Set(['40001', '40P01', '23505']);
const UNDONE_REPEATS_MAX = 3;
const PAUSE_MS = 8;

/** Sends statements with a deadline, and repeats those that may be repeated. */
export class Calls {
  readonly #driver: Driver;
  readonly #deadlineMs: number;

  constructor(driver: Driver, deadlineMs: number) {
    this.#driver = driver;
    this.#deadlineMs = deadlineMs;
  }

  /** The moment until which a verb that begins now may take, on the monotonic clock. */
  deadline(): number {
    return performance.now() + this.#deadlineMs;
  }

  /** Sends a statement that has one effect however often it is sent; answers its first row. */
  async idempotent(text: string, values: readonly Value[], deadline: number): Promise<Row> {
    let undone = 0;
    let lost = 0;
    for (;;) {
      try {
        return await this.once(text, values, deadline);
      } catch (error) {
        const code = codeOf(error);
        if (UNDONE.has(code) && undone < UNDONE_REPEATS_MAX) undone += 1;
        else if (isLost(code, error) && lost === 0) lost += 1;
        else throw error;
        await pause(PAUSE_MS * Math.random() * undone);
      }
    }
  }

  async once(text: string, values: readonly Value[], deadline: number): Promise<Row> {
    const [row] = await this.all(text, values, deadline);
    if (row === undefined) throw new LedgerError('Postgres answered no row');
    return row;
  }

  async all(text: string, values: readonly Value[], deadline: number): Promise<readonly Row[]> {
    return this.within((leftMs) => this.#driver.query(text, values, leftMs), deadline);
  }

  /** Whatever fails, and what is late, is thrown as `LedgerError`. */
  async within<T>(ask: (leftMs: number) => Promise<T>, deadline: number): Promise<T> {
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs > 0) return answerWithin(() => ask(leftMs), leftMs);
    throw new SilenceError(`Postgres did not answer within ${this.#deadlineMs} ms`);
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const isCoded = typeof cause === 'object' && cause !== null && 'code' in cause;
  return isCoded ? String(cause.code) : '';
}

/** `pg` gives no code to a connection that ended while it waited. */
function isLost(code: string, error: unknown): boolean {
  return LOST.has(code) || /Connection terminated/.test(String(error));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
