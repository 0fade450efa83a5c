import pLimit from 'p-limit';
import type { Soon } from '../base/deadline.ts';

/** Gives a place back. Idempotent. */
export type Release = () => void;

/** A caller that waits in the queue. */
export interface QueuedCaller {
  /** Leaves the queue: its `acquire` resolves to `undefined`. Does nothing once it has a place. */
  stop(): void;
}

export interface QueueBounds {
  /** Calls to OpenAI at once. */
  readonly placesMax: number;
  /** Callers that may wait for a place. One that gave up counts until it would have been next. */
  readonly queuedMax: number;
  /** Longest wait for a place. */
  readonly deadlineMs: number;
}

/** The places for calls to OpenAI, and the queue for them: first come, first served. */
export class UpstreamQueue {
  readonly #bounds: QueueBounds;
  #free: number;
  /** Wakes the caller at the head of the queue. */
  #onFree: (() => void) | undefined;
  /** The queue: it runs one task at a time, in order. The task at its head waits for a free place. */
  readonly #queue = pLimit(1);

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
    this.#free = bounds.placesMax;
  }

  /** Whether `acquire` would return a place at once. */
  get isFree(): boolean {
    return this.#free > 0 && this.#queued === 0;
  }

  /**
   * Returns the function that gives the place back. `undefined` when the queue is full, when the wait
   * took longer than the deadline, or when the caller left the queue. A free place is returned at once,
   * without the queue's promises (measured: a tenth of a guarded call); a caller that has to wait is
   * passed to `onQueued`.
   */
  acquire(onQueued: (caller: QueuedCaller) => void): Soon<Release | undefined> {
    if (this.isFree) return this.#take();
    return this.#queued < this.#bounds.queuedMax ? this.#wait(onQueued) : undefined;
  }

  get #queued(): number {
    return this.#queue.activeCount + this.#queue.pendingCount;
  }

  #take(): Release {
    let isTaken = true;
    this.#free -= 1;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#free += 1;
      this.#onFree?.();
    };
  }

  #wait(onQueued: (caller: QueuedCaller) => void): Promise<Release | undefined> {
    return new Promise((resolve) => {
      let hasLeft = false;
      const leave = () => {
        hasLeft = true;
        clearTimeout(timer);
        resolve(undefined);
      };
      const timer = setTimeout(leave, this.#bounds.deadlineMs);
      void this.#queue(async () => {
        if (!hasLeft) await this.#untilFree();
        clearTimeout(timer);
        if (!hasLeft) resolve(this.#take());
      });
      onQueued({ stop: leave });
    });
  }

  #untilFree(): Promise<void> | undefined {
    if (this.#free > 0) return undefined;
    return new Promise((resolve) => {
      this.#onFree = resolve;
    });
  }
}
