import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { amounts } from '../../../src/ledger/amounts.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import {
  type FakeRateLimitOptions,
  RateLimits,
  type RateVerdict,
} from '../../../src/testing/fake-openai/rate-limits.ts';
import { Capacity, type CapacityParts } from '../../../src/upstream/capacity/capacity.ts';
import type { GivenLimits } from '../../../src/upstream/capacity/capacity-limits.ts';
import type { Departure, HeaderOf, PlaceInRound } from '../../../src/upstream/queue/outlet.ts';

export const ID = 'main:gpt-5-mini';
const START_MS = Date.parse('2026-11-20T12:00:00Z');

/** A clock that a test moves. */
export class TestClock {
  #nowMs = START_MS;
  nowMs = (): number => this.#nowMs;

  move(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on, and lets everything finish that was under way. */
  async pass(ms: number): Promise<void> {
    this.move(ms);
    await settled();
  }
}

/** Lets promises of a store in this process finish. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}

export const noHeaders: HeaderOf = () => undefined;

export function headersOf({ headers }: RateVerdict): HeaderOf {
  const at = (name: string) => headers.findIndex((text, place) => place % 2 === 0 && text === name);
  return (name) => (at(name) < 0 ? undefined : headers[at(name) + 1]);
}

/** What a call of so many tokens asks of the upstream. */
export const bodyOf = (tokens: number) => ({ max_completion_tokens: tokens });

/** A call that left, and what the upstream decided on it. */
export interface Sent {
  readonly departure: Departure;
  readonly verdict: RateVerdict;
}

export type World = ReturnType<typeof world>;

/** An upstream with limits, one ledger, and processes with a capacity each, on one virtual clock. */
export function world(limits: FakeRateLimitOptions, ledgerOf?: (clock: TestClock) => Ledger) {
  const clock = new TestClock();
  const ledger = ledgerOf?.(clock) ?? memoryLedger({ clock });
  const errors: unknown[] = [];
  const upstream = new RateLimits({ ...limits, clock });
  const capacities: Capacity[] = [];

  const start = (given: GivenLimits | false = {}, parts: Partial<CapacityParts> = {}) => {
    const { records } = ledger;
    const onError = (error: unknown) => errors.push(error);
    const made = new Capacity(ID, given, {
      clock,
      records,
      ledger,
      random: () => 0,
      onError,
      ...parts,
    });
    capacities.push(made);
    return made;
  };

  /** Sends a call if the ledger lets it through; `undefined` if it does not. */
  const send = async (
    capacity: Capacity,
    tokens: number,
    place?: PlaceInRound,
  ): Promise<Sent | undefined> => {
    const claims = capacity.claimsFor(1, tokens);
    const held = amounts({ requests: 1, upstreamTokens: tokens });
    const lease = { durationMs: 1_000, dispatched: true };
    const decision =
      claims.length === 0 ? undefined : await ledger.reserve(randomUUID(), claims, held, lease);
    if (decision?.granted === false) return undefined;
    const departure = capacity.leave(decision?.balances, place);
    return { departure, verdict: upstream.admit('gpt-5-mini', bodyOf(tokens)) };
  };

  /** The answer of a call begins. Returns whether it was refused. */
  const answer = async ({ departure, verdict }: Sent): Promise<boolean> => {
    if (verdict.refusal === undefined) departure.answered(headersOf(verdict));
    else departure.refused(verdict.refusal.status ?? 429, headersOf(verdict));
    await settled();
    return verdict.refusal !== undefined;
  };

  /** Sends a call and answers it at once. Returns what became of it. */
  const call = async (capacity: Capacity, tokens = 100, place?: PlaceInRound) => {
    const sent = await send(capacity, tokens, place);
    if (sent === undefined) return 'denied';
    return (await answer(sent)) ? 'refused' : 'answered';
  };

  /** What the ledger says is used of each limit, by key. */
  const used = async (capacity: Capacity): Promise<Record<string, number>> => {
    const claims = capacity.claimsFor(1, 1);
    const balances = await ledger.read(claims);
    return Object.fromEntries(
      claims.map(({ rule }, place) => [rule.key, balances[place]?.used ?? 0]),
    );
  };

  const close = async () => {
    for (const capacity of capacities) capacity.close();
    await ledger.close();
  };
  return {
    clock,
    ledger,
    errors,
    upstream,
    start,
    send,
    answer,
    call,
    used,
    [Symbol.asyncDispose]: close,
  };
}
