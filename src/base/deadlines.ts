import { isPromiseLike, type Soon } from './deadline.ts';
import { UnorderedList } from './unordered-list.ts';

interface Wait {
  index: number;
  readonly dueAtMs: number;
  readonly onLate: () => void;
}

const TICKS = 10;
const TICK_MS_MAX = 1_000;

/**
 * A deadline for many waits at once, each of the same length: one interval serves them all, where a timer
 * for each would cost a call more than what it waits for (measured: bench/). A wait ends at the deadline
 * or up to a tenth of it later. A process that was itself busy first reads what has arrived meanwhile.
 */
export class Deadlines {
  readonly #deadlineMs: number;
  readonly #waits = new UnorderedList<Wait>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** As `withDeadline`. */
  within<T>(pending: T | PromiseLike<T>, late: () => Error): Soon<T> {
    if (!isPromiseLike(pending)) return pending;
    return new Promise<T>((resolve, reject) => {
      const wait = this.#begin(() => reject(late()));
      const inTime = (value: T) => {
        this.#end(wait);
        resolve(value);
      };
      const failed = (error: unknown) => {
        this.#end(wait);
        reject(error);
      };
      pending.then(inTime, failed);
    });
  }

  #begin(onLate: () => void): Wait {
    const wait = { index: -1, dueAtMs: performance.now() + this.#deadlineMs, onLate };
    this.#waits.add(wait);
    this.#timer ??= this.#start();
    if (this.#waits.size === 1) this.#timer.ref();
    return wait;
  }

  /** Only what waits keeps the process alive. */
  #end(wait: Wait): void {
    this.#waits.remove(wait);
    if (this.#waits.size === 0) this.#timer?.unref();
  }

  #start(): NodeJS.Timeout {
    const tickMs = Math.min(TICK_MS_MAX, Math.ceil(this.#deadlineMs / TICKS));
    return setInterval(() => this.#tick(), tickMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    const due = this.#waits.all().filter(({ dueAtMs }) => dueAtMs <= nowMs);
    if (due.length > 0) setImmediate(() => this.#endLate(due));
    if (this.#waits.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Nothing happens to those that have ended in the meantime: their promises are settled. */
  #endLate(due: readonly Wait[]): void {
    for (const wait of due) {
      this.#end(wait);
      wait.onLate();
    }
  }
}
