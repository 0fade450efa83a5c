import { amounts } from '../../../src/ledger/amounts.ts';
import {
  type FakeRateLimitOptions,
  RateLimits,
  type RateVerdict,
} from '../../../src/testing/fake-openai/rate-limits.ts';
import type { Capacity } from '../../../src/upstream/capacity/capacity.ts';
import type { Departure } from '../../../src/upstream/queue/outlet.ts';
import { bodyOf, headersOf, settled, type TestClock, type World } from './world.ts';

const STEP_MS = 10;
const LEASE = { durationMs: 1_000, dispatched: true };
const ON_THE_WAY_MS = [20, 80] as const;
const REFUSAL_MS = 20;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomBy(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a run has done since `reset`. */
export interface Tally {
  accepted: number;
  refused: number;
  tokens: number;
}

/** Tokens of a call, as it is held and as the upstream takes it. */
export interface Size {
  readonly held: number;
  readonly taken: number;
}

interface TrafficOptions {
  readonly seed: number;
  /** Returns the size of the next call. */
  readonly sizeOf?: (random: () => number) => Size;
  /** Until the answer begins, in ms. */
  readonly latencyMs?: readonly [number, number];
}

/** Processes in which calls always wait, in front of one upstream, step by step on a virtual clock. */
export class Traffic {
  readonly tally: Tally = { accepted: 0, refused: 0, tokens: 0 };
  upstream: RateLimits;
  readonly #clock: TestClock;
  readonly #world: World;
  readonly #capacities: readonly Capacity[];
  readonly #options: Required<TrafficOptions>;
  readonly #random: () => number;
  /** What happens at which step. */
  readonly #events = new Map<number, (() => void)[]>();
  readonly #sleepsUntilMs: number[];
  #id = 0;

  constructor(world: World, capacities: readonly Capacity[], options: TrafficOptions) {
    const size = { held: 100, taken: 100 };
    this.#options = { sizeOf: () => size, latencyMs: [500, 20_000], ...options };
    this.#world = world;
    this.#clock = world.clock;
    this.upstream = world.upstream;
    this.#capacities = capacities;
    this.#random = randomBy(options.seed);
    this.#sleepsUntilMs = capacities.map(() => 0);
  }

  reset(): void {
    Object.assign(this.tally, { accepted: 0, refused: 0, tokens: 0 });
  }

  /** The upstream has other limits from now on. */
  change(limits: FakeRateLimitOptions, used: number): void {
    this.upstream = new RateLimits({ ...limits, clock: this.#clock });
    this.upstream.drain({ requests: used, tokens: used });
  }

  async run(minutes: number): Promise<void> {
    const steps = (minutes * 60_000) / STEP_MS;
    for (let step = 0; step < steps; step += 1) {
      this.#clock.move(STEP_MS);
      const at = Math.floor(this.#clock.nowMs() / STEP_MS);
      const due = this.#events.get(at);
      this.#events.delete(at);
      for (const event of due ?? []) event();
      const hasSent = this.#capacities.map((capacity, place) => this.#pump(capacity, place));
      if (due !== undefined || hasSent.includes(true)) await settled();
    }
  }

  /** Sends what fits. Returns whether anything was asked. */
  #pump(capacity: Capacity, place: number): boolean {
    const nowMs = this.#clock.nowMs();
    if ((this.#sleepsUntilMs[place] ?? 0) > nowMs) return false;
    while (capacity.opensAtMs <= nowMs) {
      const { held, taken } = this.#options.sizeOf(this.#random);
      const claims = capacity.claimsFor(1, held);
      const amount = amounts({ requests: 1, upstreamTokens: held });
      const verbs = this.#world.ledger.inProcess;
      if (verbs === undefined) throw new TypeError('"ledger" must be in this process');
      const decision = verbs.reserve(`t${this.#id++}`, claims, amount, LEASE);
      if (!decision.granted) {
        const fitsAtMs = Math.max(
          ...decision.violations.map((violation) => violation.fitsAtMs ?? 0),
        );
        this.#sleepsUntilMs[place] = fitsAtMs + this.#random() * capacity.gapMs;
        return true;
      }
      this.#send(capacity.leave(decision.balances, { callsAfter: 0, tokensAfter: 0 }), taken);
    }
    return true;
  }

  #send(departure: Departure, tokens: number): void {
    this.#after(this.#between(ON_THE_WAY_MS), () => {
      const verdict = this.upstream.admit('gpt-5-mini', bodyOf(tokens));
      if (verdict.refusal === undefined) this.#accepted(departure, verdict, tokens);
      else this.#refused(departure, verdict);
    });
  }

  #accepted(departure: Departure, verdict: RateVerdict, tokens: number): void {
    this.tally.accepted += 1;
    this.tally.tokens += tokens;
    const latencyMs = this.#between(this.#options.latencyMs);
    this.#after(latencyMs, () => departure.answered(headersOf(verdict)));
  }

  #refused(departure: Departure, verdict: RateVerdict): void {
    this.tally.refused += 1;
    this.#after(REFUSAL_MS, () => departure.refused(429, headersOf(verdict)));
  }

  #between([least, most]: readonly [number, number]): number {
    return least + (most - least) * this.#random();
  }

  #after(ms: number, event: () => void): void {
    const at = Math.floor((this.#clock.nowMs() + ms) / STEP_MS) + 1;
    const due = this.#events.get(at);
    if (due === undefined) this.#events.set(at, [event]);
    else due.push(event);
  }
}
