import type { Outlet } from './outlet.ts';

/** After a failure of the ledger. */
const RETRY_MS = 250;

/** An outlet as one queue sees it: what the ledger said last, and what is left of the last round. */
export class OutletState<O extends Outlet> {
  readonly outlet: O;
  #carriedTokens = 0;
  /** A round of this many calls fits into the limit. */
  #callsMax = Number.POSITIVE_INFINITY;
  #fitsAtMs = 0;
  #pauseFactor = 0;

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

  /** How long this process pauses after `opensAtMs`, as a multiple of its mean pause. */
  get pauseFactor(): number {
    return this.#pauseFactor;
  }

  /** The ledger has no room until `fitsAtMs`. */
  denied(fitsAtMs: number, nowMs: number, random: () => number): void {
    // The clock of the ledger may be behind. Even then a queue never asks twice in a millisecond.
    this.#fitsAtMs = Math.max(fitsAtMs, nowMs + 1);
    this.#pauseFactor = -Math.log(1 - random());
  }

  /** The ledger may have room earlier than it said. It is asked again after the pause. */
  reopened(nowMs: number): void {
    this.#fitsAtMs = Math.min(this.#fitsAtMs, nowMs);
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
    this.#pauseFactor = 0;
  }
}
