import type { Balance, Claim } from '../../ledger/ledger.ts';
import type { Departure, Outlet } from './outlet.ts';
import type { OutletState } from './outlet-state.ts';
import type { Places } from './places.ts';
import type { QueuedCall } from './queued-call.ts';

/** When a call first came, and what it has waited and paid since. */
export interface CallHistory {
  /** Unix ms. Its wait ends then, also after it was put back. */
  readonly deadlineMs: number;
  /** In the queue, in all. */
  readonly waitedMs: number;
  /** The virtual time that it took from its user. */
  readonly charged: number;
}

/** A call has its turn: it has a place, and leaves by an outlet. */
export class Turn<O extends Outlet> {
  readonly call: QueuedCall;
  readonly outlet: O;
  /** Must be resolved exactly once. */
  readonly departure: Departure;
  readonly history: CallHistory;
  readonly #places: Places;
  #hasPlace = true;

  constructor(
    call: QueuedCall,
    outlet: O,
    departure: Departure,
    history: CallHistory,
    places: Places,
  ) {
    this.call = call;
    this.outlet = outlet;
    this.departure = departure;
    this.history = history;
    this.#places = places;
  }

  /** How long the call waited in the queue. */
  get waitedMs(): number {
    return this.history.waitedMs;
  }

  /** Returns the function that gives the place back. Only the first call of it has an effect. */
  get place(): () => void {
    return () => this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#places.giveBack(this.call.userId);
  }
}

/** What a call that leaves at once needs of its queue. */
export interface LeavingParts {
  readonly places: Places;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/**
 * A call that does not wait. It has a place, and its outlet is open. One of `granted`, `denied` and
 * `abandoned` must be called, once.
 */
export class Leaving<O extends Outlet> {
  readonly call: QueuedCall;
  /** What the outlet takes of the ledger. Empty if its limit is not known. */
  readonly claims: readonly Claim[];
  readonly #state: OutletState<O>;
  readonly #deadlineMs: number;
  readonly #parts: LeavingParts;

  constructor(call: QueuedCall, state: OutletState<O>, deadlineMs: number, parts: LeavingParts) {
    this.call = call;
    this.claims = state.outlet.claimsFor(1, call.tokens);
    this.#state = state;
    this.#deadlineMs = deadlineMs;
    this.#parts = parts;
  }

  get outlet(): O {
    return this.#state.outlet;
  }

  /** The claims were reserved. `balances`: those of the claims; `undefined` if there are none. */
  granted(balances: readonly Balance[] | undefined): Turn<O> {
    const { call, outlet } = this;
    const history = { deadlineMs: this.#deadlineMs, waitedMs: 0, charged: 0 };
    return new Turn(call, outlet, outlet.leave(balances), history, this.#parts.places);
  }

  /**
   * The claims do not fit: gives the place back, and closes the outlet for this queue until `fitsAtMs`,
   * Unix ms. `undefined`: this call never fits, which closes the outlet for no other call.
   */
  denied(fitsAtMs: number | undefined): void {
    const { nowMs, random } = this.#parts;
    if (fitsAtMs !== undefined) this.#state.denied(fitsAtMs, nowMs(), random);
    this.abandoned();
  }

  /** The call does not leave: gives the place back. */
  abandoned(): void {
    this.#parts.places.giveBack(this.call.userId);
  }
}
