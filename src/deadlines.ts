import { isPromiseLike, type Soon } from './deadline.ts';
import { UnorderedList } from './unordered-list.ts';

interface Wait {
  index: number;
  readonly lateAtTick: number;
  readonly onLate: () => void;
}

const TICKS = 10;
const TICK_MS_MAX = 1_000;

/**
 * A deadline for many waits at once, each of the same length: one interval serves them all, where a timer
 * for each would cost a call more than what it waits for (measured: bench/). A wait ends at the deadline
 * or up to a tenth of it later.
 */
export class Deadlines {
  readonly #tickMs: number;
  readonly #ticks: number;
  readonly #waits = new UnorderedList<Wait>();
  #tick = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number) {
    this.#tickMs = Math.min(TICK_MS_MAX, Math.ceil(deadlineMs / TICKS));
    this.#ticks = Math.ceil(deadlineMs / this.#tickMs);
  }

  /** As `withDeadline`. */
  within<T>(pending: T | PromiseLike<T>, late: () => Error): Soon<T> {
    if (!isPromiseLike(pending)) return pending;
    return new Promise<T>((resolve, reject) => {
      const wait = this.#begin(() => reject(late()));
      const inTime = (value: T) => {
        this.#waits.remove(wait);
        resolve(value);
      };
      const failed = (error: unknown) => {
        this.#waits.remove(wait);
        reject(error);
      };
      pending.then(inTime, failed);
    });
  }

  #begin(onLate: () => void): Wait {
    // One more, because the running tick has begun already.
    const wait = { index: -1, lateAtTick: this.#tick + this.#ticks + 1, onLate };
    this.#waits.add(wait);
    this.#timer ??= setInterval(() => this.#next(), this.#tickMs).unref();
    return wait;
  }

  #next(): void {
    this.#tick += 1;
    for (const wait of this.#waits.all()) if (wait.lateAtTick <= this.#tick) this.#end(wait);
    if (this.#waits.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #end(wait: Wait): void {
    this.#waits.remove(wait);
    wait.onLate();
  }
}
