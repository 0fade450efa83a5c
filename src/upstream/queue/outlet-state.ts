import type { Outlet } from './outlet.ts';

/** After a failure of the ledger. */
const RETRY_MS = 250;
/** The longest pause, in gaps. */
const GAPS_MAX = 8;

/** What a pause after a denial depends on. */
export interface RaceState {
  /** The sum of the weights of the users who wait in this process. */
  readonly waitingWeight: number;
  /** How long a reserve takes. */
  readonly roundTripMs: number;
}

/**
 * An outlet as one queue sees it: when the ledger has room for a call again, and when this process asks
 * for it. All processes see room at the same instant. Each pauses for a random time after it, whose mean
 * is inverse to the weight that waits in the process. So each process wins in proportion to that weight,
 * and no process has to know the others: the least of several exponential times is that of a process with
 * a probability in proportion to its rate.
 */
export class OutletState<O extends Outlet> {
  readonly outlet: O;
  #carriedTokens = 0;
  /** A round of this many calls fits into the limit. */
  #callsMax = Number.POSITIVE_INFINITY;
  #fitsAtMs = 0;
  /** The pause in units of its mean. The mean changes with the weight that waits. */
  #pause = 0;

  constructor(outlet: O) {
    this.outlet = outlet;
  }

  /** Tokens that were reserved and not taken yet; below 0, taken and not reserved yet. */
  get carriedTokens(): number {
    return this.#carriedTokens;
  }

  /** The most calls for which one reserve may ask. */
  get callsMax(): number {
    return Math.min(this.outlet.roundMax, this.#callsMax);
  }

  /** When the next call may leave, Unix ms; `Infinity` while only an event opens it. */
  get opensAtMs(): number {
    return Math.max(this.outlet.opensAtMs, this.#fitsAtMs);
  }

  /** When a waiting call may ask the ledger, Unix ms. */
  asksAtMs(race: RaceState): number {
    return Math.max(this.outlet.opensAtMs, this.#fitsAtMs + this.#pauseMs(race));
  }

  /** The ledger has no room until `fitsAtMs`. */
  denied(fitsAtMs: number, nowMs: number, random: () => number): void {
    // The clock of the ledger may be behind. Even then a queue never asks twice in a millisecond.
    this.#fitsAtMs = Math.max(fitsAtMs, nowMs + 1);
    this.#pause = -Math.log(1 - random());
  }

  /** A round left. `isFollowed`: another call waits, which may take what is left of the tokens. */
  took(tokensLeft: number, isFollowed: boolean): void {
    this.#carriedTokens = isFollowed ? tokensLeft : Math.min(0, tokensLeft);
    this.#callsMax *= 2;
  }

  /** A round never fits into the limit. The next ones are smaller, and grow again. */
  roundTooLarge(calls: number): void {
    this.#callsMax = Math.max(1, Math.floor(calls / 2));
  }

  /** The ledger failed. */
  failed(nowMs: number): void {
    this.#fitsAtMs = nowMs + RETRY_MS;
    this.#pause = 0;
  }

  #pauseMs({ waitingWeight, roundTripMs }: RaceState): number {
    if (this.#pause === 0 || waitingWeight <= 0) return 0;
    const { gapMs, roundMax } = this.outlet;
    // A win takes about one call per unit of weight, so that more weight does not need more wins.
    const callsPerWin = Math.min(Math.max(1, waitingWeight), roundMax);
    const meanMs = (Math.max(gapMs / 4, roundTripMs) * callsPerWin) / waitingWeight;
    return Math.min(this.#pause * meanMs, GAPS_MAX * Math.max(gapMs, roundTripMs));
  }
}
