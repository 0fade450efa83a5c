import type { Clock } from '../base/clock.ts';
import { UnorderedList } from '../base/unordered-list.ts';
import type { Denial } from '../core/denial.ts';
import { type DrainBounds, Drains } from './drains.ts';

/** Why a call is ended from outside: its client left, or the guard denies the rest. */
export type StopReason = 'disconnected' | Denial;

/** One admitted call, from its hold to its settlement. */
export class InFlightCall {
  index = -1;
  readonly userId: string;
  /** Names its hold in the ledger. */
  id = '';
  /** The hold itself, of a ledger in this process. */
  hold: object | undefined = undefined;
  renewedAtMs: number;
  /** True from just before the first byte may leave for OpenAI; then "nothing was used" is unknowable. */
  dispatched = false;
  /** The ledger knows that it may have left, and charges its hold if this process dies. */
  isNoted = false;
  /** Its client left, and it is read to its end all the same. */
  draining = false;
  /** Set by the first reason to stop, and by a denial after its client left; a stage that starts work
   * looks here first. */
  stopped: StopReason | undefined = undefined;
  /** How to stop what is running now; the stage that runs it sets this. Assign a variable to these three:
   * V8 allocates a function literal right behind `x.y =` in the old space, where it keeps all of its
   * call alive until the next major collection (measured on Node 24.21: a fifth of a guarded call). */
  onStop: ((reason: StopReason) => void) | undefined = undefined;
  /** Ends its turn at the upstream; idempotent. */
  leaveQueue: (() => void) | undefined = undefined;
  /** Called about once a second while the call lives. */
  onTick: ((nowMs: number) => void) | undefined = undefined;

  constructor(userId: string, nowMs: number) {
    this.userId = userId;
    this.renewedAtMs = nowMs;
  }

  stop(reason: StopReason): void {
    // A client that left may still be drained for: a denial ends that, too.
    if (
      this.stopped !== undefined &&
      (this.stopped !== 'disconnected' || reason === 'disconnected')
    )
      return;
    this.stopped = reason;
    this.onStop?.(reason);
  }
}

const TICK_MS = 1_000;

/**
 * Every call between its hold and its settlement; one timer serves them all. `onTick` runs about once a
 * second for each call: the place of lease renewals and heartbeats.
 */
export class InFlightCalls {
  readonly #clock: Clock;
  readonly #drains: Drains;
  readonly #onTick: (call: InFlightCall, nowMs: number) => void;
  readonly #calls = new UnorderedList<InFlightCall>();
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

  begin(userId: string): InFlightCall {
    const call = new InFlightCall(userId, this.#clock.nowMs());
    this.#calls.add(call);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return call;
  }

  /** Exactly one `end` pairs with each `begin`. */
  end(call: InFlightCall): void {
    this.#calls.remove(call);
    call.leaveQueue?.();
    if (call.draining) this.#drains.end(call.userId);
    if (this.#calls.size === 0) for (const listener of this.#idleListeners) listener();
  }

  /** Returns whether a call whose client left is read to its end; otherwise it must be cut. */
  drain(call: InFlightCall): boolean {
    call.draining ||= this.#drains.begin(call.userId);
    return call.draining;
  }

  /** Those of one user; without an id of everybody. */
  ofUser(userId: string | undefined): readonly InFlightCall[] {
    return this.#calls.all().filter((call) => userId === undefined || call.userId === userId);
  }

  stopAll(reason: Denial): void {
    for (const call of this.#calls.all()) call.stop(reason);
  }

  /** Resolves when none is left, or after `deadlineMs`. */
  whenIdle(deadlineMs: number): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve(this.#rest());
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
    for (const call of this.#calls.all()) {
      this.#onTick(call, nowMs);
      call.onTick?.(nowMs);
    }
    if (this.#calls.size === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
