import type { Balance, Claim, RateRule } from '../../src/ledger/ledger.ts';
import type { Departure, Outlet, PlaceInRound } from '../../src/upstream/queue/outlet.ts';

const MINUTE_MS = 60_000;

export interface FixedLimit {
  /** Requests a minute. */
  readonly rpm: number;
  /** Tokens a minute. */
  readonly tpm: number;
}

/** Part of a bucket that is kept back for jitter. */
const RESERVED = 0.1;
const TOLERATED = 0.01;

/** An outlet whose limit is known and never changes. Without a limit it takes no claims. */
export class FixedOutlet implements Outlet {
  readonly id: string;
  opensAtMs = 0;
  gapMs = 0;
  roundMax = 1;
  /** What was known of each call that left. */
  readonly left: { readonly balances?: readonly Balance[]; readonly place?: PlaceInRound }[] = [];
  readonly #limit: FixedLimit | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(id: string, limit?: FixedLimit) {
    this.id = id;
    this.#limit = limit;
    if (limit === undefined) return;
    this.gapMs = MINUTE_MS / limit.rpm;
    this.roundMax = Math.max(1, Math.floor(limit.rpm / 60));
  }

  claimsFor(calls: number, tokens: number): readonly Claim[] {
    if (this.#limit === undefined) return [];
    const { rpm, tpm } = this.#limit;
    return [this.#claim('requests', rpm, calls), this.#claim('upstreamTokens', tpm, tokens)];
  }

  leave(balances: readonly Balance[] | undefined, place?: PlaceInRound): Departure {
    this.left.push({ ...(balances && { balances }), ...(place && { place }) });
    return { answered() {}, refused() {}, failed() {} };
  }

  onOpen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Closes it until an event, or until a time. */
  close(untilMs = Number.POSITIVE_INFINITY): void {
    this.opensAtMs = untilMs;
  }

  open(): void {
    this.opensAtMs = 0;
    for (const listener of this.#listeners) listener();
  }

  #claim(unit: RateRule['unit'], amount: number, cost: number): Claim {
    const threshold = Math.min(amount * (1 - RESERVED), amount * (1 - TOLERATED) - cost);
    // What is owed decides, not what a call costs. A call above the limit never fits.
    const burst = cost > amount ? amount : Math.floor(Math.max(threshold, 0)) + cost;
    const key = unit === 'requests' ? 'rpm' : 'tpm';
    const rule: RateRule = { key, kind: 'rate', unit, amount, periodMs: MINUTE_MS, burst };
    return { account: `upstream:${this.id}`, scope: 'shared', rule };
  }
}
