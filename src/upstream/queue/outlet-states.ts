import type { Outlet } from './outlet.ts';
import { OutletState } from './outlet-state.ts';
import type { Race } from './race.ts';
import type { Waiter } from './waiter.ts';

/** Returns the outlets in the order in which a user's calls prefer them: always the same ones. */
export type OutletsFor<O extends Outlet> = (userId: string) => readonly O[];

/** An outlet may open earlier than it said. */
type OnOpen<O extends Outlet> = (state: OutletState<O>) => void;

/** The outlets of one queue. */
export class OutletStates<O extends Outlet> {
  readonly #outletsFor: OutletsFor<O>;
  readonly #onOpen: OnOpen<O>;
  readonly #states = new Map<O, OutletState<O>>();

  constructor(outletsFor: OutletsFor<O>, onOpen: OnOpen<O>) {
    this.#outletsFor = outletsFor;
    this.#onOpen = onOpen;
  }

  /** Returns the first outlet by which a call that does not wait may leave. */
  openFor(userId: string, nowMs: number): OutletState<O> | undefined {
    for (const outlet of this.#outletsOf(userId)) {
      const state = this.#stateOf(outlet);
      if (state.opensAtMs <= nowMs) return state;
    }
    return undefined;
  }

  /** Returns the first outlet for which a waiting call may ask the ledger. */
  askableFor(waiter: Waiter<O>, nowMs: number, race: Race<O>): OutletState<O> | undefined {
    for (const outlet of this.#outletsOf(waiter.userId)) {
      const state = this.#stateOf(outlet);
      if (race.asksAtMs(state, nowMs) <= nowMs && !waiter.exceeds(state)) return state;
    }
    return undefined;
  }

  /** Whether a call is larger than the limit of every outlet. */
  allTooSmallFor(waiter: Waiter<O>): boolean {
    const outlets = this.#outletsFor(waiter.userId);
    return outlets.every((outlet) => waiter.exceeds(this.#stateOf(outlet)));
  }

  /** When the first of them opens, Unix ms. */
  opensAtMs(): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const state of this.#states.values()) firstMs = Math.min(firstMs, state.opensAtMs);
    return firstMs;
  }

  /** When a waiting call may ask for the first of them, Unix ms. */
  asksAtMs(nowMs: number, race: Race<O>): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const state of this.#states.values()) {
      firstMs = Math.min(firstMs, race.asksAtMs(state, nowMs));
    }
    return firstMs;
  }

  /** All outlets are known once one call has come, so that `opensAtMs` misses none. */
  #outletsOf(userId: string): readonly O[] {
    const outlets = this.#outletsFor(userId);
    if (this.#states.size === 0) for (const outlet of outlets) this.#stateOf(outlet);
    return outlets;
  }

  #stateOf(outlet: O): OutletState<O> {
    const known = this.#states.get(outlet);
    if (known !== undefined) return known;
    const state = new OutletState(outlet);
    this.#states.set(outlet, state);
    outlet.onOpen(() => this.#onOpen(state));
    return state;
  }
}
