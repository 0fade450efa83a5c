import { Deadlines } from './deadlines.ts';
import { FairQueue, type FairQueueBounds } from './fair-queue.ts';
import type { Outlet } from './outlet.ts';
import type { Places, Takers } from './places.ts';
import type { Round } from './round.ts';
import type { Waiter } from './waiter.ts';

/** How fast the mean size of a call follows the latest one. */
const MEAN_GAIN = 0.02;

/** The calls that wait in one queue: in fair order, by deadline, and as users of the process's places. */
export class WaitingCalls<O extends Outlet> {
  readonly #fair: FairQueue<Waiter<O>>;
  readonly #deadlines = new Deadlines<O>();
  readonly #places: Places;
  #sharesVersion = 0;
  #meanTokens: number | undefined;

  constructor(bounds: FairQueueBounds, places: Places) {
    this.#fair = new FairQueue(bounds);
    this.#places = places;
  }

  get size(): number {
    return this.#fair.size;
  }

  get waitingWeight(): number {
    return this.#fair.waitingWeight;
  }

  /** The call whose deadline is next, which is the oldest one. */
  get oldest(): Waiter<O> | undefined {
    return this.#deadlines.first;
  }

  hasRoom(userId: string): boolean {
    return this.#fair.hasRoom(userId);
  }

  /** Returns false if there is no room for the call. */
  add(waiter: Waiter<O>): boolean {
    if (!this.#fair.add(waiter, waiter.call.weight)) return false;
    this.#meanTokens ??= waiter.tokens;
    this.#meanTokens += MEAN_GAIN * (waiter.tokens - this.#meanTokens);
    this.#added(waiter);
    return true;
  }

  /** Puts a call that had its turn back to the head of its user's calls. */
  putBack(waiter: Waiter<O>): void {
    this.#fair.putBack(waiter, waiter.call.weight);
    this.#added(waiter);
  }

  /** Returns the next call of the users who may take a place now. */
  head(takers: Takers): Waiter<O> | undefined {
    this.#unparkBelowShare();
    for (;;) {
      const waiter = this.#fair.peek();
      if (waiter === undefined) return undefined;
      const { userId } = waiter;
      if (this.#fair.isParked(userId)) return takers === 'all' ? waiter : undefined;
      if (!this.#places.isAtShare(userId)) return waiter;
      this.#fair.park(userId);
    }
  }

  /** Returns what the next round takes: each user about one average call per unit of weight. */
  round(callsMax: number): Round {
    const meanTokens = this.#meanTokens ?? 1;
    return this.#fair.round(meanTokens, callsMax, callsMax * meanTokens);
  }

  /** Removes the call that `head('all')` returns, and notes what its user was charged. */
  take(): Waiter<O> | undefined {
    if (this.head('all') === undefined) return undefined;
    const waiter = this.#fair.take();
    if (waiter !== undefined) this.#removed(waiter);
    return waiter;
  }

  /** Removes a call that leaves without a turn. Does nothing if it does not wait. */
  leave(waiter: Waiter<O>): boolean {
    if (!waiter.isWaiting) return false;
    this.#fair.leave(waiter);
    this.#removed(waiter);
    return true;
  }

  #added(waiter: Waiter<O>): void {
    this.#deadlines.add(waiter);
    this.#places.beginWait(waiter.userId, waiter.call.weight);
  }

  #removed(waiter: Waiter<O>): void {
    waiter.isWaiting = false;
    this.#deadlines.remove(waiter);
    this.#places.endWait(waiter.userId);
  }

  #unparkBelowShare(): void {
    const { sharesVersion } = this.#places;
    if (this.#sharesVersion === sharesVersion) return;
    this.#sharesVersion = sharesVersion;
    for (const userId of this.#fair.parkedUsers()) {
      if (!this.#places.isAtShare(userId)) this.#fair.unpark(userId);
    }
  }
}
