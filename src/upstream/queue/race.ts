import type { Outlet } from './outlet.ts';
import type { OutletState } from './outlet-state.ts';
import type { Places } from './places.ts';
import type { Round } from './round.ts';
import type { WaitingCalls } from './waiting-calls.ts';

/** The longest mean pause, in gaps. */
const GAPS_MAX = 8;
/** How fast the measured round trip follows the latest one. */
const ROUND_TRIP_GAIN = 0.1;

/**
 * Who of several processes asks first when the ledger has room again, which all of them know to be at the
 * same instant. Each process pauses for a random time after it. The least of several exponential times is
 * that of one process with a probability in proportion to its rate. So the rate of each process is the
 * weight that waits in it ÷ the calls that a win takes, and users get what they get in one queue for all.
 * No process has to know the others.
 */
export class Race<O extends Outlet> {
  readonly #waiting: WaitingCalls<O>;
  readonly #places: Places;
  #roundTripMs = 0;

  constructor(waiting: WaitingCalls<O>, places: Places) {
    this.#waiting = waiting;
    this.#places = places;
  }

  /** A reserve took so long. */
  measured(tookMs: number): void {
    this.#roundTripMs += ROUND_TRIP_GAIN * (Math.max(0, tookMs) - this.#roundTripMs);
  }

  /** Returns what a win would take now. A place must be free. */
  roundFor({ callsMax }: OutletState<O>): Round {
    return this.#waiting.round(Math.min(callsMax, this.#places.free));
  }

  /**
   * Returns when the queue may ask the ledger, Unix ms. Before the outlet opens it is the earliest time,
   * since the pause depends on what waits then.
   */
  asksAtMs(state: OutletState<O>, nowMs: number): number {
    const { opensAtMs, pauseFactor } = state;
    if (opensAtMs > nowMs || pauseFactor === 0) return opensAtMs;
    return opensAtMs + this.#pauseMs(state);
  }

  #pauseMs(state: OutletState<O>): number {
    const { gapMs } = state.outlet;
    const { waitingWeight } = this.#waiting;
    const calls = Math.max(1, this.roundFor(state).calls);
    // A pause that is shorter than a reserve would let processes lose that have much to take.
    const meanMs = Math.max(gapMs / 4, this.#roundTripMs) * (calls / waitingWeight);
    // The mean is bounded, not the pause: many pauses of the same length would meet the next opening.
    return state.pauseFactor * Math.min(meanMs, GAPS_MAX * Math.max(gapMs, this.#roundTripMs));
  }
}
