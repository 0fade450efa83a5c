import type { Clock } from './clock.ts';
import { type DrainBounds, Drains } from './drains.ts';
import type { Denial } from './errors.ts';

/** Why a call is ended from outside: its client left, or the guard denies the rest. */
export type StopReason = 'gone' | Denial;

/** One admitted call, from its hold to its settlement. */
export interface InFlightCall {
  /** Its place among the others. */
  index: number;
  /** Names its hold in the ledger. */
  id: string;
  readonly userId: string;
  renewedAtMs: number;
  /** True from just before the first byte may leave for OpenAI; then "nothing was used" is unknowable. */
  dispatched: boolean;
  /** Its client left, and it is read to its end all the same. */
  draining: boolean;
  /** Set by the first reason to stop, and by a denial after its client left; a stage that starts work
   * looks here first. */
  stopped: StopReason | undefined;
  /** How to stop what is running now; the stage that runs it sets this. Assign a variable to these three:
   * V8 allocates a function literal right behind `x.y =` in the old space, where it keeps all of its
   * call alive until the next major collection (measured on Node 24.21: a fifth of a guarded call). */
  onStop: ((reason: StopReason) => void) | undefined;
  /** Ends its turn at the upstream; idempotent. */
  endTurn: (() => void) | undefined;
  /** Called about once a second while the call lives. */
  onTick: ((nowMs: number) => void) | undefined;
}

export function stopCall(call: InFlightCall, reason: StopReason): void {
  // A client that left may still be drained for: a denial ends that, too.
  if (call.stopped !== undefined && (call.stopped !== 'gone' || reason === 'gone')) return;
  call.stopped = reason;
  call.onStop?.(reason);
}

/** Every call between its hold and its settlement; one timer serves them all. */
export interface InFlightCalls {
  readonly size: number;
  begin(userId: string): InFlightCall;
  /** Exactly one `end` pairs with each `begin`. */
  end(call: InFlightCall): void;
  /** Returns whether a call whose client left is read to its end; otherwise it must be cut. */
  drain(call: InFlightCall): boolean;
  /** Those of one user; without an id of everybody. */
  ofUser(userId: string | undefined): readonly InFlightCall[];
  stopAll(reason: Denial): void;
  /** Resolves when none is left, or after `deadlineMs`. */
  whenIdle(deadlineMs: number): Promise<void>;
}

/** `onTick` runs about once a second for each call: the place of lease renewals and heartbeats. */
export function createInFlightCalls(
  clock: Clock,
  bounds: DrainBounds,
  onTick: (call: InFlightCall, nowMs: number) => void,
): InFlightCalls {
  return new Calls(clock, bounds, onTick);
}

const TICK_MS = 1_000;

class Calls implements InFlightCalls {
  readonly #clock: Clock;
  readonly #drains: Drains;
  readonly #onTick: (call: InFlightCall, nowMs: number) => void;
  // Not a Set: its outgrown tables stay linked, so that every call would outlive the young generation.
  readonly #calls: InFlightCall[] = [];
  readonly #idleListeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    clock: Clock,
    bounds: DrainBounds,
    onTick: (call: InFlightCall, nowMs: number) => void,
  ) {
    this.#clock = clock;
    this.#drains = new Drains(bounds);
    this.#onTick = onTick;
  }

  get size(): number {
    return this.#calls.length;
  }

  begin(userId: string): InFlightCall {
    const call: InFlightCall = {
      id: '',
      index: this.#calls.length,
      userId,
      renewedAtMs: this.#clock.nowMs(),
      dispatched: false,
      draining: false,
      stopped: undefined,
      onStop: undefined,
      endTurn: undefined,
      onTick: undefined,
    };
    this.#calls.push(call);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return call;
  }

  end(call: InFlightCall): void {
    removeAt(this.#calls, call.index);
    call.endTurn?.();
    if (call.draining) this.#drains.end(call.userId);
    if (this.#calls.length === 0) for (const listener of this.#idleListeners) listener();
  }

  drain(call: InFlightCall): boolean {
    call.draining ||= this.#drains.begin(call.userId);
    return call.draining;
  }

  ofUser(userId: string | undefined): readonly InFlightCall[] {
    return this.#calls.filter((call) => userId === undefined || call.userId === userId);
  }

  stopAll(reason: Denial): void {
    for (const call of [...this.#calls]) stopCall(call, reason);
  }

  whenIdle(deadlineMs: number): Promise<void> {
    if (this.#calls.length === 0) return Promise.resolve(this.#rest());
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(deadline);
        this.#idleListeners.delete(done);
        resolve();
      };
      const deadline = setTimeout(done, deadlineMs);
      this.#idleListeners.add(done);
    });
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const call of [...this.#calls]) {
      this.#onTick(call, nowMs);
      call.onTick?.(nowMs);
    }
    if (this.#calls.length === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The last one takes the free place, so that none has to move up. */
function removeAt(calls: InFlightCall[], index: number): void {
  const last = calls.pop();
  if (last === undefined || last.index === index) return;
  last.index = index;
  calls[index] = last;
}
