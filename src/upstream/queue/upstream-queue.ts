import type { Clock } from '../../base/clock.ts';
import type { FairQueueBounds } from './fair-queue.ts';
import type { Outlet } from './outlet.ts';
import type { OutletState } from './outlet-state.ts';
import { OutletStates, type OutletsFor } from './outlet-states.ts';
import type { Places } from './places.ts';
import { Pump, type ReserveCapacity } from './pump.ts';
import type { QueuedCall } from './queued-call.ts';
import { type CallHistory, Leaving, type LeavingParts, type Turn } from './turn.ts';
import { Waiter } from './waiter.ts';
import { WaitingCalls } from './waiting-calls.ts';
import { type Schedule, scheduleByTimeout, WakeTimer } from './wake-timer.ts';

export interface UpstreamQueueParts {
  readonly clock: Clock;
  /** Those of the process. All its queues share them. */
  readonly places: Places;
  readonly bounds: FairQueueBounds;
  /** The longest wait of a call, from when it first came. */
  readonly deadlineMs: number;
  /** Takes the capacity in the ledger. If it fails, it is tried again after 250 ms. */
  readonly reserve: ReserveCapacity;
  /** Default: `Math.random`. */
  readonly random?: () => number;
  /** Default: a timer of Node. */
  readonly schedule?: Schedule;
}

/** A call that waits. */
export interface Waiting {
  /** Leaves the queue: its promise resolves to `undefined`. Does nothing once the call has its turn. */
  stop(): void;
}

export interface QueueStatus {
  readonly waiting: number;
  /** How long the oldest of them has waited; 0 if none waits. */
  readonly oldestWaitMs: number;
}

type OnQueued = (waiting: Waiting) => void;

/**
 * The calls of one route: a list of outlets, of which each call takes one. A call that finds a free place,
 * an open outlet and no waiting call leaves at once. Other calls wait, and leave in a fair order between
 * users. The ledger is never asked for a call that comes while another one waits here.
 */
export class UpstreamQueue<O extends Outlet> {
  readonly #parts: UpstreamQueueParts;
  readonly #waiting: WaitingCalls<O>;
  readonly #outlets: OutletStates<O>;
  readonly #pump: Pump<O>;
  readonly #timer: WakeTimer;
  readonly #leavingParts: LeavingParts;
  #isClosed = false;

  constructor(outletsFor: OutletsFor<O>, parts: UpstreamQueueParts) {
    const { clock, places, bounds, reserve, random = Math.random } = parts;
    const waiting = new WaitingCalls<O>(bounds, places);
    const outlets = new OutletStates(outletsFor, (state) => this.#reopened(state));
    const onRest = () => this.#rest();
    this.#parts = parts;
    this.#waiting = waiting;
    this.#outlets = outlets;
    this.#pump = new Pump({ clock, places, waiting, outlets, reserve, random, onRest });
    this.#timer = new WakeTimer(parts.schedule ?? scheduleByTimeout, () => this.#wake());
    this.#leavingParts = { places, nowMs: () => clock.nowMs(), random };
  }

  /** Whether no call waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether one more call of a user may wait. Asked before the ledger, so that a refusal costs nothing. */
  hasRoom(userId: string): boolean {
    return this.#waiting.hasRoom(userId);
  }

  /**
   * Takes a place for a call that does not have to wait. `undefined` if a call waits here, if no place is
   * free, or if no outlet is open. It is on the path of every call.
   */
  tryLeave(call: QueuedCall): Leaving<O> | undefined {
    const { places, clock, deadlineMs } = this.#parts;
    if (this.#waiting.size > 0 || places.free <= 0) return undefined;
    const nowMs = clock.nowMs();
    const state = this.#outlets.openFor(call.userId, nowMs);
    if (state === undefined) return undefined;
    const leaving = new Leaving(call, state, nowMs + deadlineMs, this.#leavingParts);
    places.take(call.userId, call.weight);
    return leaving;
  }

  /**
   * Waits for the turn of a call. Resolves to `undefined` if the call was stopped, if its deadline passed,
   * at once if there is no room for it or if no outlet opens before its deadline, and when the queue is
   * closed. `onQueued` gets what stops it.
   */
  wait(call: QueuedCall, onQueued: OnQueued): Promise<Turn<O> | undefined> {
    const deadlineMs = this.#parts.clock.nowMs() + this.#parts.deadlineMs;
    const history = { deadlineMs, waitedMs: 0, charged: 0 };
    return this.#enter(call, history, onQueued, (waiter) => this.#waiting.add(waiter));
  }

  /**
   * Returns a call that was refused for now to the queue: gives its place back, and puts it before the
   * other calls of its user, who gets back what its turn took. It keeps its first deadline.
   */
  putBack(turn: Turn<O>, onQueued: OnQueued): Promise<Turn<O> | undefined> {
    const waited = this.#enter(turn.call, turn.history, onQueued, (waiter) => {
      this.#waiting.putBack(waiter);
      return true;
    });
    turn.place();
    return waited;
  }

  status(): QueueStatus {
    const { oldest, size } = this.#waiting;
    const nowMs = this.#parts.clock.nowMs();
    return { waiting: size, oldestWaitMs: oldest?.historyAt(nowMs).waitedMs ?? 0 };
  }

  /** Ends all waits without a turn, and stops the timer. */
  close(): void {
    this.#isClosed = true;
    this.#endWaitsBefore(Number.POSITIVE_INFINITY);
    this.#timer.stop();
  }

  #enter(
    call: QueuedCall,
    history: CallHistory,
    onQueued: OnQueued,
    add: (waiter: Waiter<O>) => boolean,
  ): Promise<Turn<O> | undefined> {
    return new Promise((resolve) => {
      const waiter = new Waiter<O>(call, history, this.#parts.clock.nowMs(), resolve);
      if (this.#isClosed || !add(waiter)) return resolve(undefined);
      this.#parts.places.addQueue(this.#pump);
      onQueued({ stop: () => this.#stop(waiter) });
      this.#wake();
    });
  }

  #stop(waiter: Waiter<O>): void {
    if (!this.#waiting.leave(waiter)) return;
    waiter.resolve(undefined);
    this.#wake();
  }

  #reopened(state: OutletState<O>): void {
    state.reopened(this.#parts.clock.nowMs());
    this.#wake();
  }

  /** Something happened: a call came or left, an outlet opened, or it is time. */
  #wake(): void {
    this.#endWaitsBefore(this.#parts.clock.nowMs());
    this.#pump.run();
  }

  /** The pump rests. Ends the waits that are in vain, and sets the timer. */
  #rest(): void {
    const opensAtMs = this.#outlets.opensAtMs();
    if (Number.isFinite(opensAtMs)) this.#endWaitsBefore(opensAtMs);
    const { oldest } = this.#waiting;
    if (oldest === undefined) this.#parts.places.removeQueue(this.#pump);
    const wakesAtMs = oldest && Math.min(oldest.deadlineMs, this.#pump.asksAtMs);
    this.#timer.wakeAt(wakesAtMs ?? Number.POSITIVE_INFINITY, this.#parts.clock.nowMs());
  }

  /** Ends the waits whose deadline is at `untilMs` or before. */
  #endWaitsBefore(untilMs: number): void {
    for (let { oldest } = this.#waiting; oldest !== undefined; { oldest } = this.#waiting) {
      if (oldest.deadlineMs > untilMs) return;
      this.#waiting.leave(oldest);
      oldest.resolve(undefined);
    }
  }
}
