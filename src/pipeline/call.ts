import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { ByteSource, GuardResponse } from '../core/response.ts';
import { isEventStream } from '../openai/answer/content-type.ts';
import { collect } from '../upstream/collect.ts';
import type { UpstreamQueue } from '../upstream/queue.ts';
import {
  type Upstream,
  type UpstreamCall,
  UpstreamError,
  type UpstreamReply,
} from '../upstream/upstream.ts';
import type { UpstreamKey, UpstreamKeys } from '../upstream/upstream-keys.ts';
import { type Refusal, readRefusal } from '../upstream/upstream-refusal.ts';
import { type BlockedIdentifier, IDENTIFIER_BLOCKED } from '../users/identifier-block.ts';
import { blockedDenial } from '../users/user-states.ts';
import { LEASE_MS } from './admit.ts';
import type { CallLedger } from './call-ledger.ts';
import { cutOutcome } from './cut-outcome.ts';
import type { InFlightCall, InFlightCalls, Stoppable, StopReason } from './in-flight.ts';
import type { Called, Outcome, Tagged, Unanswered } from './states.ts';

export interface CallParts {
  readonly upstream: Upstream;
  readonly queue: UpstreamQueue;
  readonly upstreamKeys: UpstreamKeys;
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly events: Events;
  readonly answerBytesMax: number;
  /** Never rejects. */
  readonly blockIdentifier: (blocked: BlockedIdentifier) => Promise<void>;
}

/** A request of which provably nothing was sent is tried once more. No other request is. */
const ATTEMPTS_MAX = 2;
const BUSY = deny('upstream_busy', 'Too many calls are waiting for OpenAI. Try again shortly.');
const DISCONNECTED = deny('upstream_failed', 'The client left before the answer.');

/**
 * Step 5: waits for a place at the upstream, and calls OpenAI with the server's key, once. Every failure
 * comes with what it may have cost.
 */
export function call(tagged: Tagged, parts: CallParts): Soon<Called> {
  const { inFlight } = tagged;
  const acquired = parts.queue.acquire((waiting) => inFlight.run(waiting));
  return after(acquired, (release) => {
    inFlight.releasePlace = release;
    if (inFlight.stopped !== undefined) return stopped(tagged, { kind: 'nothing' });
    if (release === undefined) return unanswered(tagged, BUSY, { kind: 'nothing' });
    return callFromPlace(parts, tagged);
  });
}

function callFromPlace(parts: CallParts, tagged: Tagged): Soon<Called> {
  const { identity, plan, inFlight } = tagged;
  return after(parts.upstreamKeys.keyFor(identity.user, plan.name), (key) =>
    after(noteDispatch(parts.ledger, inFlight), () =>
      inFlight.stopped === undefined
        ? send(parts, tagged, key, false)
        : stopped(tagged, { kind: 'nothing' }),
    ),
  );
}

/** Notes in the ledger that the request may leave: a crash after this charges the hold. */
function noteDispatch(ledger: CallLedger, call: InFlightCall): Soon<boolean> {
  return call.dispatchNoted || ledger.renew(call, { durationMs: LEASE_MS, dispatched: true });
}

/** Sends the request. `refusedBefore`: another key was refused before this one. */
async function send(
  parts: CallParts,
  tagged: Tagged,
  key: UpstreamKey,
  refusedBefore: boolean,
): Promise<Called> {
  const { inFlight, endpoint, payload, endUserIdHeaders } = tagged;
  const headers =
    endUserIdHeaders === undefined ? key.headers : { ...key.headers, ...endUserIdHeaders };
  const { path } = endpoint;
  inFlight.dispatched = true;
  for (let attempt = 1; ; attempt += 1) {
    const sent = parts.upstream.send({ path, headers, body: payload });
    inFlight.run(new SentCall(sent, inFlight, parts.calls));
    try {
      const reply = await sent.reply;
      if (reply.status < 200 || reply.status > 299) {
        return await refused(parts, tagged, { reply, key, refusedBefore });
      }
      if (isEventStream(reply.header('content-type'), tagged.built.stream)) {
        return { kind: 'stream', tagged, reply, cancel: () => sent.cancel() };
      }
      // It is written and billed by now. To stop reading would only hide what it cost.
      inFlight.run(undefined);
      const whole = collect(reply.body, parts.answerBytesMax);
      const bytes = isPromiseLike(whole) ? await whole : whole;
      return { kind: 'whole', tagged, reply, bytes };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const isLast = error.sent || attempt === ATTEMPTS_MAX || inFlight.stopped !== undefined;
      if (isLast) return failed(parts, tagged, error);
    }
  }
}

/** A call that waits for OpenAI's response. If its client disconnects, it is drained or cut. */
class SentCall implements Stoppable {
  readonly #sent: UpstreamCall;
  readonly #inFlight: InFlightCall;
  readonly #calls: InFlightCalls;

  constructor(sent: UpstreamCall, inFlight: InFlightCall, calls: InFlightCalls) {
    this.#sent = sent;
    this.#inFlight = inFlight;
    this.#calls = calls;
  }

  stop(reason: StopReason): void {
    if (reason !== 'disconnected' || !this.#calls.drain(this.#inFlight)) this.#sent.cancel();
  }
}

interface Refused {
  readonly reply: UpstreamReply;
  /** The key that was sent. It must not appear in the response. */
  readonly key: UpstreamKey;
  readonly refusedBefore: boolean;
}

/** OpenAI refused before it generated anything. Another key may be tried. */
async function refused(
  parts: CallParts,
  tagged: Tagged,
  { reply, key, refusedBefore }: Refused,
): Promise<Called> {
  const bytes = await collectSome(reply.body);
  if (reply.status === KEY_REFUSED && !refusedBefore) {
    const other = await parts.upstreamKeys.keyAfter(key, tagged.identity.user, tagged.plan.name);
    if (tagged.inFlight.stopped !== undefined) return stopped(tagged, { kind: 'unserved' });
    if (other !== undefined) return send(parts, tagged, other, true);
  }
  const refusal = readRefusal(reply, bytes, key.key);
  const ending = await endingOf(parts, tagged, refusal);
  return unanswered(tagged, ending, { kind: refusal.forContent ? 'refused' : 'unserved' });
}

/** A refusal without a body, or with one that is too large, is still a refusal. */
async function collectSome(body: ByteSource): Promise<Uint8Array> {
  try {
    return await collect(body, REFUSAL_BYTES_MAX);
  } catch {
    return new Uint8Array();
  }
}

const KEY_REFUSED = 401;
const REFUSAL_BYTES_MAX = 64 * 1024;

async function endingOf(
  parts: CallParts,
  { identity, endUserId }: Tagged,
  { ending, account, identifierBlocked }: Refusal,
): Promise<Denial | GuardResponse> {
  if (account) parts.events.emit('failed', { source: 'upstream_account', error: ending });
  if (identifierBlocked === undefined) return ending;
  const { message } = identifierBlocked;
  await parts.blockIdentifier({ userId: identity.user.id, endUserId, message });
  return blockedDenial(IDENTIFIER_BLOCKED);
}

function failed(parts: CallParts, tagged: Tagged, error: UpstreamError): Called {
  // Sent and unanswered: OpenAI may have worked on it, so the upper bound is charged. This includes a
  // body that broke off.
  if (tagged.inFlight.stopped !== undefined) return stopped(tagged, abandoned(tagged, error));
  parts.events.emit('failed', { source: 'upstream', error });
  const shouldRetry = !error.sent;
  const denial = error.timedOut
    ? deny('upstream_timeout', 'OpenAI did not answer in time.', { shouldRetry })
    : deny('upstream_failed', 'The connection to OpenAI failed.', { shouldRetry });
  return unanswered(tagged, denial, { kind: error.sent ? 'held' : 'unserved' });
}

/** Returns the charge of a call that was stopped before it was answered. */
function abandoned(tagged: Tagged, { sent }: UpstreamError): Outcome {
  if (!sent) return { kind: 'nothing' };
  // An answer that comes whole may have been written whole by then.
  return tagged.built.stream ? cutOutcome(tagged, 0) : { kind: 'held' };
}

function stopped(tagged: Tagged, outcome: Outcome): Unanswered {
  const reason = tagged.inFlight.stopped;
  return unanswered(
    tagged,
    reason === undefined || reason === 'disconnected' ? DISCONNECTED : reason,
    outcome,
  );
}

function unanswered(tagged: Tagged, ending: Denial | GuardResponse, outcome: Outcome): Unanswered {
  return { kind: 'unanswered', tagged, ending, outcome };
}
