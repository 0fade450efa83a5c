import type { Balance, Claim } from '../ledger/ledger.ts';
import type { Capacity } from './capacity/capacity.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Departure, HeaderOf, Outlet, PlaceInRound } from './queue/outlet.ts';
import type { Upstream } from './upstream.ts';

/** Where a call may be sent: a model of an upstream, with what the upstream can take of it now. */
export class Target implements Outlet {
  readonly upstream: Upstream;
  /** The model as this upstream names it. */
  readonly model: string;
  readonly capacity: Capacity;
  /** That of the upstream with all its models. `undefined` where there is no other upstream. */
  readonly circuit: CircuitBreaker | undefined;
  /** The upstream refused to encrypt the reasoning of this model. Not asked again while this is kept. */
  hasNoReasoning = false;
  readonly #listeners = new Set<() => void>();

  constructor(
    upstream: Upstream,
    model: string,
    capacity: Capacity,
    circuit: CircuitBreaker | undefined,
  ) {
    this.upstream = upstream;
    this.model = model;
    this.capacity = capacity;
    this.circuit = circuit;
  }

  get id(): string {
    return this.capacity.id;
  }

  /** Each call has a key of its own, so what one key can take says nothing of the next. */
  get hasSeveralKeys(): boolean {
    return this.upstream.keys.areSeveral;
  }

  get opensAtMs(): number {
    const opensAtMs = this.hasSeveralKeys ? 0 : this.capacity.opensAtMs;
    return this.circuit === undefined ? opensAtMs : Math.max(opensAtMs, this.circuit.opensAtMs);
  }

  get gapMs(): number {
    return this.capacity.gapMs;
  }

  /** An upstream that failed gets one call, to show whether it works. */
  get roundMax(): number {
    return this.circuit?.isProbing ? 1 : this.capacity.roundMax;
  }

  claimsFor(calls: number, tokens: number): readonly Claim[] {
    return this.hasSeveralKeys ? NO_CLAIMS : this.capacity.claimsFor(calls, tokens);
  }

  /** Whether a call can never be sent, because the limit itself is smaller. */
  isTooLarge(tokens: number): boolean {
    return !this.hasSeveralKeys && this.capacity.tooLarge(tokens) !== undefined;
  }

  leave(balances: readonly Balance[] | undefined, place?: PlaceInRound): Departure {
    const departure = this.hasSeveralKeys ? UNCOUNTED : this.capacity.leave(balances, place);
    if (this.circuit === undefined) return departure;
    this.circuit.leave();
    return new CountedDeparture(departure, this.circuit);
  }

  /** The upstream refuses the key or the account. With several keys, those of other calls may still work. */
  noteAccountTrouble(): void {
    if (!this.hasSeveralKeys) this.circuit?.accountTrouble();
  }

  onOpen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Its capacity or its circuit may have opened. */
  opened(): void {
    for (const listener of this.#listeners) listener();
  }
}

const NO_CLAIMS: readonly Claim[] = [];
const UNCOUNTED: Departure = { answered: () => {}, refused: () => {}, failed: () => {} };

/** A departure that also shows the circuit whether the upstream works. */
class CountedDeparture implements Departure {
  readonly #departure: Departure;
  readonly #circuit: CircuitBreaker;

  constructor(departure: Departure, circuit: CircuitBreaker) {
    this.#departure = departure;
    this.#circuit = circuit;
  }

  answered(header: HeaderOf, status = 200): void {
    this.#departure.answered(header, status);
    if (status < 500) this.#circuit.succeeded();
    else this.#circuit.failed();
  }

  /** The capacity pauses for it, so the circuit does not count it. */
  refused(status: number, header: HeaderOf): void {
    this.#departure.refused(status, header);
    this.#circuit.succeeded();
  }

  failed(sent: boolean, isOurs = false): void {
    this.#departure.failed(sent, isOurs);
    if (isOurs) this.#circuit.ended();
    else this.#circuit.failed();
  }
}
