import { amounts } from '../../../src/ledger/amounts.ts';
import type { Claim, Ledger, NotGranted } from '../../../src/ledger/ledger.ts';
import { Capacity } from '../../../src/upstream/capacity/capacity.ts';
import type { GivenLimits } from '../../../src/upstream/capacity/capacity-limits.ts';
import { Places } from '../../../src/upstream/queue/places.ts';
import type { QueuedCall } from '../../../src/upstream/queue/queued-call.ts';
import type { Turn } from '../../../src/upstream/queue/turn.ts';
import { UpstreamQueue } from '../../../src/upstream/queue/upstream-queue.ts';
import type { Choices } from '../../soak/random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimulatedUser } from './scenario.ts';
import type { SimulatedUpstream } from './simulated-upstream.ts';
import type { Tally } from './tally.ts';

export interface ProcessParts {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Choices;
  readonly ledger: Ledger;
  readonly upstream: SimulatedUpstream;
  readonly tally: Tally;
  readonly given: GivenLimits;
}

export interface SimulatedCall {
  readonly user: SimulatedUser;
  /** What the upstream counts, and what this side thinks that it counts. */
  readonly tokens: number;
  readonly estimate: number;
}

const DEADLINE_MS = 30_000;
const BOUNDS = { total: 1_000, perUser: 8 };
/** So many that the limits of the upstream bind first. */
const PLACES = 10_000;
const LEASE = { durationMs: 90_000, dispatched: true };
const CAPACITY_LEASE = { durationMs: 1_000, dispatched: true };

/** One process: its real queue, places and capacity, and as much of a pipeline as they need. */
export class SimulatedProcess {
  readonly #parts: ProcessParts;
  readonly #capacity: Capacity;
  readonly #queue: UpstreamQueue<Capacity>;
  /** Calls of each user in this process. */
  readonly #here = new Map<string, number>();
  /** Which part of each user's calls is in this process, as of their last reserve. */
  readonly #spread = new Map<string, number>();
  #holds = 0;

  constructor(parts: ProcessParts) {
    const { time, ledger, random, given } = parts;
    const { records } = ledger;
    const onError = (error: unknown) => {
      throw error;
    };
    const { next } = random;
    this.#parts = parts;
    this.#capacity = new Capacity('main:gpt', given, {
      clock: time,
      records,
      ledger,
      random: next,
      onError,
    });
    const outlets = [this.#capacity];
    this.#queue = new UpstreamQueue(() => outlets, {
      clock: time,
      places: new Places(PLACES),
      bounds: BOUNDS,
      deadlineMs: DEADLINE_MS,
      reserve: (claims, calls, tokens) => this.#reserveCapacity(claims, calls, tokens),
      random: next,
      schedule: time.schedule,
    });
  }

  /** A call comes. Resolves when it has ended. */
  async run(call: SimulatedCall): Promise<void> {
    const { time, tally } = this.#parts;
    const { user } = call;
    tally.asked(call);
    if (!this.#queue.hasRoom(user.id)) return tally.refused(call);
    const cameAtMs = time.nowMs();
    this.#count(user, 1);
    const hold = this.#nextHold();
    const turn = await this.#turnFor(call, hold);
    await this.#send(call, turn, cameAtMs);
    this.#count(user, -1);
    await this.#parts.ledger.settle(hold, amounts({}));
  }

  /** Waits for the first turn of a call. Holds the slot of its user under `hold`. */
  async #turnFor(call: SimulatedCall, hold: string): Promise<Turn<Capacity> | undefined> {
    const { ledger } = this.#parts;
    const own = [slotOf(call.user)];
    const leaving = this.#queue.tryLeave(this.#queued(call));
    if (leaving !== undefined) {
      const { claims } = leaving;
      this.#parts.tally.reserved(claims.length > 0);
      const held = amounts({ requests: 1, upstreamTokens: call.estimate, concurrent: 1 });
      const decision = await ledger.reserve(hold, [...own, ...claims], held, LEASE);
      if (decision.granted) {
        return leaving.granted(claims.length === 0 ? undefined : decision.balances.slice(1));
      }
      leaving.denied(fitsAtMs(decision));
    }
    const { balances } = await ledger.reserve(hold, own, amounts({ concurrent: 1 }), LEASE);
    const everywhere = (balances[0]?.held ?? 0) + (balances[0]?.used ?? 0);
    const spread = (this.#here.get(call.user.id) ?? 1) / Math.max(1, everywhere);
    this.#spread.set(call.user.id, Math.min(1, spread));
    return this.#queue.wait(this.#queued(call), () => {});
  }

  /** Sends a call until it is not refused, or until its time is over. */
  async #send(
    call: SimulatedCall,
    first: Turn<Capacity> | undefined,
    cameAtMs: number,
  ): Promise<void> {
    const { time, upstream, tally } = this.#parts;
    for (let turn = first; turn !== undefined; ) {
      const waitedMs = time.nowMs() - cameAtMs;
      const answer = await upstream.send(call.tokens);
      if (!answer.isRefused) tally.served(call, waitedMs);
      await time.pass(answer.headersInMs);
      if (!answer.isRefused) {
        turn.departure.answered(answer.header);
        await time.pass(answer.endsInMs);
        return turn.place();
      }
      tally.refusedUpstream();
      turn.departure.refused(429, answer.header);
      turn = await this.#queue.putBack(turn, () => {});
    }
    tally.timedOut(call, DEADLINE_MS, first !== undefined);
  }

  #reserveCapacity(claims: readonly Claim[], calls: number, tokens: number) {
    this.#parts.tally.reserved(true);
    const held = amounts({ requests: calls, upstreamTokens: tokens });
    return this.#parts.ledger.reserve(this.#nextHold(), claims, held, CAPACITY_LEASE);
  }

  #queued({ user, estimate }: SimulatedCall): QueuedCall {
    const weight = user.weight * (this.#spread.get(user.id) ?? 1);
    return { userId: user.id, weight, tokens: estimate };
  }

  #count({ id }: SimulatedUser, change: number): void {
    this.#here.set(id, (this.#here.get(id) ?? 0) + change);
  }

  #nextHold(): string {
    this.#holds += 1;
    return `${this.#parts.name}-${this.#holds}`;
  }
}

/** A limit on calls at once that never binds: its balance says how many calls a user has in all processes. */
const slotOf = ({ id }: SimulatedUser): Claim => ({
  account: `user:${id}`,
  scope: 'own',
  rule: { kind: 'concurrent', key: 'concurrent', unit: 'concurrent', amount: 1_000_000 },
});

const fitsAtMs = ({ violations }: NotGranted): number =>
  Math.max(...violations.map((violation) => violation.fitsAtMs ?? Number.POSITIVE_INFINITY));
