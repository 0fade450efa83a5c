import type { Clock } from '../../src/base/clock.ts';
import { LeaseHeap } from '../../src/ledger/memory/lease-heap.ts';
import type { Schedule } from '../../src/upstream/queue/wake-timer.ts';

interface Timer {
  readonly run: () => void;
  expiresAtMs: number;
  heapIndex: number;
}

const START_MS = Date.UTC(2026, 10, 28);

/** Time that moves only when a test moves it. It is a clock, and it runs timers. */
export class VirtualTime implements Clock {
  readonly #timers = new LeaseHeap<Timer>();
  #nowMs = START_MS;

  nowMs(): number {
    return this.#nowMs;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  readonly schedule: Schedule = (ms, run) => {
    const timer: Timer = { run, expiresAtMs: this.#nowMs + Math.max(0, ms), heapIndex: -1 };
    this.#timers.add(timer);
    return () => {
      if (timer.heapIndex >= 0) this.#timers.remove(timer);
    };
  };

  /** Resolves after so many ms of this time. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.schedule(ms, resolve));
  }

  /** Runs all timers of the next `ms`, in order, and what their promises lead to. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await promisesAreDone();
    for (
      let { next } = this.#timers;
      next && next.expiresAtMs <= untilMs;
      { next } = this.#timers
    ) {
      this.#timers.remove(next);
      this.#nowMs = next.expiresAtMs;
      next.run();
      await promisesAreDone();
    }
    this.#nowMs = untilMs;
  }
}

const promisesAreDone = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
