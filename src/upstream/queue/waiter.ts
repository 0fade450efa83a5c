import type { FairCall } from './flow.ts';
import type { Outlet } from './outlet.ts';
import type { OutletState } from './outlet-state.ts';
import type { QueuedCall } from './queued-call.ts';
import type { CallHistory, Turn } from './turn.ts';

/** A call that waits in a queue. */
export class Waiter<O extends Outlet> implements FairCall {
  readonly call: QueuedCall;
  /** Unix ms. */
  readonly deadlineMs: number;
  /** Ends the wait: with a turn, or without one. */
  readonly resolve: (turn: Turn<O> | undefined) => void;
  charged: number;
  isWaiting = true;
  /** Its neighbours in the order of deadlines. Only `Deadlines` sets them. */
  sooner: Waiter<O> | undefined;
  later: Waiter<O> | undefined;
  readonly #enteredAtMs: number;
  readonly #waitedBeforeMs: number;
  #tooSmall: OutletState<O>[] | undefined;

  constructor(
    call: QueuedCall,
    history: CallHistory,
    nowMs: number,
    resolve: (turn: Turn<O> | undefined) => void,
  ) {
    this.call = call;
    this.deadlineMs = history.deadlineMs;
    this.charged = history.charged;
    this.resolve = resolve;
    this.#enteredAtMs = nowMs;
    this.#waitedBeforeMs = history.waitedMs;
  }

  get userId(): string {
    return this.call.userId;
  }

  get tokens(): number {
    return this.call.tokens;
  }

  historyAt(nowMs: number): CallHistory {
    const { deadlineMs, charged } = this;
    const waitedMs = this.#waitedBeforeMs + Math.max(0, nowMs - this.#enteredAtMs);
    return { deadlineMs, waitedMs, charged };
  }

  /** Whether the limit of an outlet is known to be smaller than this call. */
  exceeds(state: OutletState<O>): boolean {
    return this.#tooSmall?.includes(state) ?? false;
  }

  /** This call never fits into the limit of an outlet. */
  addTooSmall(state: OutletState<O>): void {
    this.#tooSmall = [...(this.#tooSmall ?? []), state];
  }
}
