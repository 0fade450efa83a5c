import type { Clock } from '../../base/clock.ts';
import { after, isPromiseLike, type Soon } from '../../base/deadline.ts';
import type { Balance, Claim, Granted, NotGranted, Violation } from '../../ledger/ledger.ts';
import type { Departure, Outlet } from './outlet.ts';
import type { OutletState } from './outlet-state.ts';
import type { OutletStates } from './outlet-states.ts';
import type { Places, PlaceTaker, Takers } from './places.ts';
import { Race } from './race.ts';
import { Turn } from './turn.ts';
import type { Waiter } from './waiter.ts';
import type { WaitingCalls } from './waiting-calls.ts';

/** Takes the capacity for so many calls of so many tokens in all in the ledger. */
export type ReserveCapacity = (
  claims: readonly Claim[],
  calls: number,
  tokens: number,
) => Soon<Granted | NotGranted>;

export interface PumpParts<O extends Outlet> {
  readonly clock: Clock;
  readonly places: Places;
  readonly waiting: WaitingCalls<O>;
  readonly outlets: OutletStates<O>;
  readonly reserve: ReserveCapacity;
  readonly random: () => number;
  /** It has done what it can for now, or waits for the ledger. */
  readonly onRest: () => void;
}

/** What is asked of the ledger. */
interface Ask<O extends Outlet> {
  readonly head: Waiter<O>;
  readonly state: OutletState<O>;
  readonly calls: number;
  readonly tokens: number;
  readonly claims: readonly Claim[];
}

/**
 * Lets the calls of one queue leave, in its order. Only the head of the queue asks the ledger, one reserve
 * at a time, for a whole round of calls. Which calls leave is decided when it is granted. The places are
 * held meanwhile.
 */
export class Pump<O extends Outlet> implements PlaceTaker {
  readonly #parts: PumpParts<O>;
  readonly #race: Race<O>;
  #isBusy = false;

  constructor(parts: PumpParts<O>) {
    this.#parts = parts;
    this.#race = new Race(parts.waiting, parts.places);
  }

  /** When the head may ask next, Unix ms; `Infinity` while an event has to come first. */
  get asksAtMs(): number {
    const { places, outlets, clock } = this.#parts;
    if (this.#isBusy || places.free <= 0) return Number.POSITIVE_INFINITY;
    return outlets.asksAtMs(clock.nowMs(), this.#race);
  }

  useFreePlace(takers: Takers): void {
    if (this.#parts.waiting.size > 0) this.run(takers);
  }

  /** Lets all calls leave that can now. */
  run(takers: Takers = 'all'): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const pending = this.#runUntilPending(takers);
    if (pending === undefined) this.#isBusy = false;
    else void pending.then(() => this.#runAgain());
    this.#parts.onRest();
  }

  #runAgain(): void {
    this.#isBusy = false;
    this.run();
  }

  #runUntilPending(takers: Takers): Promise<void> | undefined {
    for (;;) {
      const ask = this.#nextAsk(takers);
      if (ask === undefined) return undefined;
      const answered = this.#ask(ask);
      if (isPromiseLike(answered)) return answered;
    }
  }

  #nextAsk(takers: Takers): Ask<O> | undefined {
    const { places, waiting, outlets, clock } = this.#parts;
    const head = places.free > 0 ? waiting.head(takers) : undefined;
    const state = head && outlets.askableFor(head, clock.nowMs(), this.#race);
    if (head === undefined || state === undefined) return undefined;
    const { calls, tokens: roundTokens } = this.#race.roundFor(state);
    const tokens = Math.max(1, Math.round(roundTokens - state.carriedTokens));
    return { head, state, calls, tokens, claims: state.outlet.claimsFor(calls, tokens) };
  }

  #ask(ask: Ask<O>): Soon<void> {
    const { places } = this.#parts;
    places.hold(ask.calls);
    if (ask.claims.length === 0) return this.#leave(ask, undefined);
    return after(this.#reserve(ask), (decision) => {
      if (decision?.granted) return this.#leave(ask, decision.balances);
      if (decision === undefined) ask.state.failed(this.#parts.clock.nowMs());
      else this.#denied(ask, decision.violations);
      places.release(ask.calls);
    });
  }

  /** Returns `undefined` if the ledger failed. */
  #reserve({ claims, calls, tokens }: Ask<O>): Soon<Granted | NotGranted | undefined> {
    try {
      const decision = this.#parts.reserve(claims, calls, tokens);
      return isPromiseLike(decision) ? this.#timed(decision) : decision;
    } catch {
      return undefined;
    }
  }

  async #timed(pending: Promise<Granted | NotGranted>): Promise<Granted | NotGranted | undefined> {
    const { clock } = this.#parts;
    const sinceMs = clock.nowMs();
    try {
      const decision = await pending;
      this.#race.measured(clock.nowMs() - sinceMs);
      return decision;
    } catch {
      return undefined;
    }
  }

  #denied({ head, state, calls }: Ask<O>, violations: readonly Violation[]): void {
    const { clock, random, waiting, outlets } = this.#parts;
    const fitsAtMs = latestOf(violations);
    if (fitsAtMs !== undefined) return state.denied(fitsAtMs, clock.nowMs(), random);
    // It never fits. A smaller round may.
    if (calls > 1) return state.roundTooLarge(calls);
    head.addTooSmall(state);
    if (outlets.allTooSmallFor(head) && waiting.leave(head)) head.resolve(undefined);
  }

  /** Gives turns to as many calls as were reserved. What they take more or less is carried on. */
  #leave(ask: Ask<O>, balances: readonly Balance[] | undefined): void {
    const { places, waiting } = this.#parts;
    const { state } = ask;
    let { calls } = ask;
    let tokens = ask.tokens + state.carriedTokens;
    for (let waiter = waiting.take(); waiter !== undefined; waiter = waiting.take()) {
      calls -= 1;
      tokens -= waiter.tokens;
      const place = balances && { callsAfter: calls, tokensAfter: tokens };
      this.#go(waiter, state.outlet.leave(balances, place), state.outlet);
      if (calls === 0) break;
    }
    if (balances !== undefined) state.took(tokens, waiting.size > 0);
    if (calls > 0) places.release(calls);
  }

  #go(waiter: Waiter<O>, departure: Departure, outlet: O): void {
    const { places, clock } = this.#parts;
    const { call } = waiter;
    places.takeHeld(call.userId, call.weight);
    const history = waiter.historyAt(clock.nowMs());
    waiter.resolve(new Turn(call, outlet, departure, history, places));
  }
}

/** Returns when all violated claims fit; `undefined` if one never does. */
function latestOf(violations: readonly Violation[]): number | undefined {
  let latestMs = 0;
  for (const { fitsAtMs } of violations) {
    if (fitsAtMs === undefined) return undefined;
    latestMs = Math.max(latestMs, fitsAtMs);
  }
  return latestMs;
}
