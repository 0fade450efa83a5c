import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import type { StopRecord } from '../stops/stop-record.ts';
import type { UpstreamKey } from '../upstream/upstream-keys.ts';
import { type Attempt, gaveUp, stopped, waitForTurn } from './attempt.ts';
import type { CallLedger } from './call-ledger.ts';
import type { InFlightCalls } from './in-flight.ts';
import { noteDispatch } from './lease.ts';
import { type NextAttemptParts, nextAttempt } from './next-attempt.ts';
import { type Sent, send } from './send.ts';
import type { Called, Tagged } from './states.ts';
import { stopIfServiceStopped } from './stop-if-refused.ts';

export interface CallParts extends NextAttemptParts {
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly stops: Pick<StopRecord, 'get'>;
}

/**
 * Step 5: waits for a fair turn at an upstream, and sends the request with the server's key. It is sent
 * again only where the upstream provably did no work for it. Every failure comes with what it may have
 * cost.
 */
export async function call(tagged: Tagged, parts: CallParts): Promise<Called> {
  const { route, queued } = tagged;
  const turn =
    tagged.turn ??
    (await waitForTurn(tagged, (onQueued) => route.queue.wait(queued, onQueued), parts));
  if (turn === undefined) return gaveUp(tagged, parts);
  let attempt: Attempt = { route, turn, unsent: 0, serverErrors: 0 };
  for (;;) {
    const ready = begin(attempt, tagged, parts);
    const key = isPromiseLike(ready) ? await ready : ready;
    if (key === undefined) return stopped(tagged);
    const sent = await send(tagged, attempt, key, parts.calls);
    if (isAnswered(sent)) return answered(sent, attempt);
    const next = await nextAttempt(sent, { tagged, attempt, key }, parts);
    if ('kind' in next) return next;
    attempt = next;
  }
}

/** Returns the key to send; `undefined` if the call was stopped. What leaves the turn unused ends it. */
function begin(attempt: Attempt, tagged: Tagged, parts: CallParts): Soon<UpstreamKey | undefined> {
  const { inFlight } = tagged;
  const { place, outlet, departure } = attempt.turn;
  inFlight.releasePlace = place;
  inFlight.target = outlet;
  try {
    const key = after(stopIfServiceStopped(inFlight, parts), () => keyOf(attempt, tagged));
    if (!isPromiseLike(key) && inFlight.dispatchNoted && inFlight.stopped === undefined) return key;
    return beginLater(key, attempt, tagged, parts);
  } catch (error) {
    departure.failed(false, true);
    throw error;
  }
}

async function beginLater(
  pending: Soon<UpstreamKey>,
  { turn: { departure } }: Attempt,
  { inFlight }: Tagged,
  { ledger }: CallParts,
): Promise<UpstreamKey | undefined> {
  try {
    const key = await pending;
    if (inFlight.stopped === undefined) await noteDispatch(ledger, inFlight);
    if (inFlight.stopped === undefined) return key;
    departure.failed(false, true);
    return undefined;
  } catch (error) {
    departure.failed(false, true);
    throw error;
  }
}

function keyOf({ turn: { outlet }, otherKey }: Attempt, { identity, plan }: Tagged) {
  if (otherKey?.of === outlet) return otherKey.key;
  return outlet.upstream.keys.keyFor(identity.user, plan.name);
}

type Answered = Extract<Sent, { readonly reply: unknown }>;

const isAnswered = (sent: Sent): sent is Answered => 'reply' in sent;

function answered(sent: Answered, { turn: { departure } }: Attempt): Answered {
  departure.answered((name) => sent.reply.header(name), sent.reply.status);
  return sent;
}
