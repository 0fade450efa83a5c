import type { VirtualTime } from '../virtual-time.ts';
import { jainIndex } from './jain.ts';
import type { Scenario, SimulatedUser } from './scenario.ts';
import type { SimulatedCall } from './simulated-process.ts';

/** What came of a run. Times in ms. */
export interface Report {
  /** How long the calls of ordinary users waited before they were sent for good. */
  readonly ordinary: Waits;
  readonly heavy: Waits;
  /** Over served tokens ÷ weighted max-min share. */
  readonly jain: number;
  /** The part of the limit that was used, by others too. */
  readonly used: number;
  /** Refusals of the upstream for each 1,000 calls that it served. */
  readonly refusalsPer1000: number;
  readonly refusals: number;
  /** Calls of ordinary users that the upstream refused, and that were not sent again. */
  readonly ordinaryRefused: number;
  /** The part of the ordinary users' calls that found no room or waited in vain. */
  readonly ordinaryUnserved: number;
  /** Reserves with claims of the upstream, for each call that it served. */
  readonly reservesPerCall: number;
}

export interface Waits {
  readonly p50: number;
  readonly p95: number;
}

interface UserTally {
  readonly user: SimulatedUser;
  asked: number;
  served: number;
  calls: number;
  unserved: number;
  refused: number;
  readonly waits: number[];
}

/** Counts what happens to the calls after the warm-up. */
export class Tally {
  readonly #scenario: Scenario;
  readonly #time: VirtualTime;
  readonly #startMs: number;
  readonly #users = new Map<string, UserTally>();
  #reserves = 0;
  #refusals = 0;

  constructor(scenario: Scenario, time: VirtualTime) {
    this.#scenario = scenario;
    this.#time = time;
    this.#startMs = time.nowMs() + scenario.warmUpMinutes * 60_000;
    for (const user of scenario.users) {
      this.#users.set(user.id, {
        user,
        asked: 0,
        served: 0,
        calls: 0,
        unserved: 0,
        refused: 0,
        waits: [],
      });
    }
  }

  asked(call: SimulatedCall): void {
    this.#count(call, (user) => {
      user.asked += call.tokens;
    });
  }

  served(call: SimulatedCall, waitedMs: number): void {
    this.#count(call, (user) => {
      user.served += call.tokens;
      user.calls += 1;
      user.waits.push(waitedMs);
    });
  }

  /** There was no room for it. */
  refused(call: SimulatedCall): void {
    this.#count(call, (user) => {
      user.unserved += 1;
    });
  }

  /** It waited in vain. `wasRefused`: the upstream had refused it. */
  timedOut(call: SimulatedCall, waitedMs: number, wasRefused: boolean): void {
    this.#count(call, (user) => {
      user.unserved += 1;
      if (wasRefused) user.refused += 1;
      user.waits.push(waitedMs);
    });
  }

  refusedUpstream(): void {
    if (this.#isWarm) this.#refusals += 1;
  }

  reserved(hasClaims: boolean): void {
    if (this.#isWarm && hasClaims) this.#reserves += 1;
  }

  report(): Report {
    const users = [...this.#users.values()];
    const calls = sumOf(users.map((user) => user.calls));
    const ordinary = users.filter(({ user }) => user.kind === 'ordinary');
    return {
      ordinary: waitsOf(ordinary),
      heavy: waitsOf(users.filter(({ user }) => user.kind === 'heavy')),
      jain: jainIndex(users.map(({ user, asked, served }) => ({ ...user, asked, served }))),
      used: this.#usedBy(calls, sumOf(users.map(({ served }) => served))),
      refusalsPer1000: (1_000 * this.#refusals) / Math.max(1, calls),
      refusals: this.#refusals,
      ordinaryRefused: sumOf(ordinary.map(({ refused }) => refused)),
      ordinaryUnserved: unservedPart(ordinary),
      reservesPerCall: this.#reserves / Math.max(1, calls),
    };
  }

  get #isWarm(): boolean {
    return this.#time.nowMs() >= this.#startMs;
  }

  /** Of requests or tokens, the one that binds. */
  #usedBy(calls: number, tokens: number): number {
    const { rpm, tpm, others } = this.#scenario;
    const minutes = (this.#time.nowMs() - this.#startMs) / 60_000;
    return others + Math.max(calls / rpm, tokens / tpm) / minutes;
  }

  #count({ user }: SimulatedCall, change: (user: UserTally) => void): void {
    const counted = this.#users.get(user.id);
    if (counted !== undefined && this.#isWarm) change(counted);
  }
}

function unservedPart(users: readonly UserTally[]): number {
  const unserved = sumOf(users.map((user) => user.unserved));
  return unserved / (unserved + sumOf(users.map(({ calls }) => calls)));
}

function waitsOf(users: readonly UserTally[]): Waits {
  const waits = users.flatMap((user) => user.waits).sort((a, b) => a - b);
  const at = (part: number) => Math.round(waits[Math.floor(waits.length * part)] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
