import { amounts } from '../../../src/ledger/amounts.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import { Places } from '../../../src/upstream/queue/places.ts';
import type { ReserveCapacity } from '../../../src/upstream/queue/pump.ts';
import type { QueuedCall } from '../../../src/upstream/queue/queued-call.ts';
import type { Turn } from '../../../src/upstream/queue/turn.ts';
import {
  UpstreamQueue,
  type UpstreamQueueParts,
  type Waiting,
} from '../../../src/upstream/queue/upstream-queue.ts';
import { FixedOutlet } from '../fixed-outlet.ts';
import { VirtualTime } from '../virtual-time.ts';

export const DEADLINE_MS = 30_000;

/** Returns a `reserve` that takes capacity in a ledger. */
export function reserveIn(ledger: Ledger): ReserveCapacity {
  let count = 0;
  return (claims, calls, tokens) => {
    count += 1;
    const held = amounts({ requests: calls, upstreamTokens: tokens });
    return ledger.reserve(`${count}`, claims, held, { durationMs: 1_000, dispatched: true });
  };
}

export interface QueueFixture {
  readonly time: VirtualTime;
  readonly places: Places;
  readonly outlets: readonly FixedOutlet[];
  readonly queue: UpstreamQueue<FixedOutlet>;
  /** The calls and tokens of each reserve. */
  readonly asked: (readonly [calls: number, tokens: number])[];
}

export interface QueueSettings extends Partial<UpstreamQueueParts> {
  readonly outlets?: readonly FixedOutlet[];
  readonly placesMax?: number;
  readonly time?: VirtualTime;
}

/** A queue on virtual time, over a ledger in memory. By default its one outlet has no limit. */
export function queueWith(settings: QueueSettings = {}): QueueFixture {
  const { outlets = [new FixedOutlet('main')], placesMax = 100 } = settings;
  const { time = new VirtualTime() } = settings;
  const places = settings.places ?? new Places(placesMax);
  const asked: [number, number][] = [];
  const inMemory = settings.reserve ?? reserveIn(memoryLedger({ clock: time }));
  const reserve: ReserveCapacity = (claims, calls, tokens) => {
    asked.push([calls, tokens]);
    return inMemory(claims, calls, tokens);
  };
  const queue = new UpstreamQueue(() => outlets, {
    clock: time,
    bounds: { total: 1_000, perUser: 1_000 },
    deadlineMs: DEADLINE_MS,
    schedule: time.schedule,
    random: () => 0.5,
    ...settings,
    places,
    reserve,
  });
  return { time, places, outlets, queue, asked };
}

export const callOf = (userId: string, tokens = 100, weight = 1): QueuedCall => ({
  userId,
  tokens,
  weight,
});

/** A call that waits, and how its wait ended. */
export interface Waited {
  readonly userId: string;
  readonly waiting: Waiting;
  /** `undefined` while it waits, `null` if it ended without a turn. */
  turn: Turn<FixedOutlet> | null | undefined;
}

/** Follows a wait. `order` gets its name when it has its turn. */
export function follow(
  userId: string,
  wait: (onQueued: (waiting: Waiting) => void) => Promise<Turn<FixedOutlet> | undefined>,
  order: string[] = [],
): Waited {
  let waiting: Waiting = { stop: () => {} };
  const ended = wait((queued) => {
    waiting = queued;
  });
  const waited: Waited = { userId, waiting, turn: undefined };
  void ended.then((turn) => {
    waited.turn = turn ?? null;
    if (turn !== undefined) order.push(userId);
  });
  return waited;
}

export function waitIn(
  queue: UpstreamQueue<FixedOutlet>,
  call: QueuedCall,
  order: string[] = [],
): Waited {
  return follow(call.userId, (onQueued) => queue.wait(call, onQueued), order);
}

/** Takes a turn for a call that must not have to wait. */
export function leaveIn(queue: UpstreamQueue<FixedOutlet>, call: QueuedCall): Turn<FixedOutlet> {
  const leaving = queue.tryLeave(call);
  if (leaving === undefined) throw new Error('the call has to wait');
  return leaving.granted(undefined);
}
