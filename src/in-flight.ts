import type { Clock } from './clock.ts';
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
  /** Set by the first reason to stop, and by a denial after its client left; a stage that starts work
   * looks here first. */
  stopped: StopReason | undefined;
  /** How to stop what is running now; the stage that runs it sets this. */
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
  /** Those of one user; without an id of everybody. */
  ofUser(userId: string | undefined): readonly InFlightCall[];
  stopAll(reason: Denial): void;
  /** Resolves when none is left, or after `deadlineMs`. */
  whenIdle(deadlineMs: number): Promise<void>;
}

const TICK_MS = 1_000;

/** `onTick` runs about once a second for each call: the place of lease renewals and heartbeats. */
export function createInFlightCalls(
  clock: Clock,
  onTick: (call: InFlightCall, nowMs: number) => void,
): InFlightCalls {
  // Not a Set: its outgrown tables stay linked, so that every call would outlive the young generation.
  const calls: InFlightCall[] = [];
  const idleListeners = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;

  const tick = () => {
    const nowMs = clock.nowMs();
    for (const call of [...calls]) {
      onTick(call, nowMs);
      call.onTick?.(nowMs);
    }
    if (calls.length === 0) rest();
  };
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    get size() {
      return calls.length;
    },
    begin(userId) {
      const call: InFlightCall = {
        id: '',
        index: calls.length,
        userId,
        renewedAtMs: clock.nowMs(),
        dispatched: false,
        stopped: undefined,
        onStop: undefined,
        endTurn: undefined,
        onTick: undefined,
      };
      calls.push(call);
      timer ??= setInterval(tick, TICK_MS).unref();
      return call;
    },
    end(call) {
      removeAt(calls, call.index);
      call.endTurn?.();
      if (calls.length === 0) for (const listener of idleListeners) listener();
    },
    ofUser: (userId) => calls.filter((call) => userId === undefined || call.userId === userId),
    stopAll(reason) {
      for (const call of [...calls]) stopCall(call, reason);
    },
    whenIdle(deadlineMs) {
      if (calls.length === 0) return Promise.resolve(rest());
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(deadline);
          idleListeners.delete(done);
          resolve();
        };
        const deadline = setTimeout(done, deadlineMs);
        idleListeners.add(done);
      });
    },
  };
}

/** The last one takes the free place, so that none has to move up. */
function removeAt(calls: InFlightCall[], index: number): void {
  const last = calls.pop();
  if (last === undefined || last.index === index) return;
  last.index = index;
  calls[index] = last;
}
