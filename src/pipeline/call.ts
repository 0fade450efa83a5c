import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { ByteSource, GuardResponse } from '../core/response.ts';
import { isEventStream } from '../openai/answer/content-type.ts';
import { readFirstEvent } from '../openai/answer/first-event.ts';
import { readRefusedAnswer } from '../openai/answer/wire-error.ts';
import { collect } from '../upstream/collect.ts';
import { collectOrPass } from '../upstream/collect-or-pass.ts';
import { PeekedBody } from '../upstream/peeked-body.ts';
import type { UpstreamQueue } from '../upstream/queue.ts';
import { type Transport, type UpstreamCall, UpstreamError } from '../upstream/transport.ts';
import type { UpstreamKey, UpstreamKeys } from '../upstream/upstream-keys.ts';
import { type Refusal, readRefusal, refusalIn } from '../upstream/upstream-refusal.ts';
import { LEASE_MS } from './admit.ts';
import type { CallLedger } from './call-ledger.ts';
import { cutOutcome, type KnownHost } from './cut-outcome.ts';
import type { InFlightCall, InFlightCalls, Stoppable, StopReason } from './in-flight.ts';
import { applyRefusal, type RefusalParts, refusedOutcome } from './refusal-effects.ts';
import type { Called, Outcome, Tagged, Unanswered } from './states.ts';

export interface CallParts extends RefusalParts {
  readonly upstream: Transport;
  readonly queue: UpstreamQueue;
  readonly upstreamKeys: UpstreamKeys;
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly host: KnownHost;
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
        ? send(parts, tagged, { key, refusedBefore: false })
        : stopped(tagged, { kind: 'nothing' }),
    ),
  );
}

/** Notes in the ledger that the request may leave: a crash after this charges the hold. */
function noteDispatch(ledger: CallLedger, call: InFlightCall): Soon<boolean> {
  return call.dispatchNoted || ledger.renew(call, { durationMs: LEASE_MS, dispatched: true });
}

/** Sends the request. `refusedBefore`: another key was refused before this one. */
async function send(parts: CallParts, tagged: Tagged, attempt: Attempt): Promise<Called> {
  const { inFlight, endpoint, payload, endUserIdHeaders } = tagged;
  const { headers: keyHeaders } = attempt.key;
  const headers =
    endUserIdHeaders === undefined ? keyHeaders : { ...keyHeaders, ...endUserIdHeaders };
  const { path } = endpoint;
  inFlight.dispatched = true;
  for (let tries = 1; ; tries += 1) {
    const sent = parts.upstream.send({ path, headers, body: payload });
    inFlight.run(new SentCall(sent, inFlight, parts.calls));
    try {
      return await receive(parts, tagged, attempt, sent);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const isLast = error.sent || tries === ATTEMPTS_MAX || inFlight.stopped !== undefined;
      if (isLast) return failed(parts, tagged, attempt.key.redaction.failure(error));
    }
  }
}

/** What is collected of a response that is no stream. A larger one passes as it comes. */
const COLLECTED_BYTES_MAX = 1024 * 1024;

/** Waits for the answer. Rejects with `UpstreamError`. */
async function receive(
  parts: CallParts,
  tagged: Tagged,
  attempt: Attempt,
  sent: UpstreamCall,
): Promise<Called> {
  const reply = await sent.reply;
  const { redaction } = attempt.key;
  if (reply.status < 200 || reply.status > 299) {
    const refusal = readRefusal(reply, await collectSome(reply.body), redaction);
    return refused(parts, tagged, attempt, refusal);
  }
  if (isEventStream(reply.header('content-type'), tagged.built.stream)) {
    const body = new PeekedBody(reply.body, readFirstEvent);
    const peeked = body.peek();
    const first = isPromiseLike(peeked) ? await peeked : peeked;
    if (first === undefined || first === 'answer') {
      return { kind: 'stream', tagged, reply, redaction, body, cancel: () => sent.cancel() };
    }
    sent.cancel();
    return refused(parts, tagged, attempt, refusalIn(first, redaction));
  }
  // It is written and billed by now. To stop reading would only hide what it cost.
  tagged.inFlight.run(undefined);
  const collecting = collectOrPass(reply.body, COLLECTED_BYTES_MAX);
  const whole = isPromiseLike(collecting) ? await collecting : collecting;
  if (!(whole instanceof Uint8Array)) {
    return { kind: 'large', tagged, reply, redaction, body: whole, cancel: () => sent.cancel() };
  }
  const error = readRefusedAnswer(whole);
  if (error !== undefined) return refused(parts, tagged, attempt, refusalIn(error, redaction));
  return { kind: 'whole', tagged, reply, redaction, bytes: whole };
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

interface Attempt {
  /** The key that was sent. It must not appear in the response. */
  readonly key: UpstreamKey;
  readonly refusedBefore: boolean;
}

/** OpenAI refused before it generated anything. Another key may be tried. */
async function refused(
  parts: CallParts,
  tagged: Tagged,
  { key, refusedBefore }: Attempt,
  refusal: Refusal,
): Promise<Called> {
  if (refusal.status === KEY_REFUSED && !refusedBefore) {
    const other = await parts.upstreamKeys.keyAfter(key, tagged.identity.user, tagged.plan.name);
    if (tagged.inFlight.stopped !== undefined) return stopped(tagged, { kind: 'unserved' });
    if (other !== undefined) return send(parts, tagged, { key: other, refusedBefore: true });
  }
  const ending = await applyRefusal(refusal, tagged, parts);
  return unanswered(tagged, ending, refusedOutcome(refusal));
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

function failed(parts: CallParts, tagged: Tagged, error: UpstreamError): Called {
  // Sent and unanswered: OpenAI may have worked on it, so the upper bound is charged. This includes a
  // body that broke off.
  if (tagged.inFlight.stopped !== undefined)
    return stopped(tagged, abandoned(tagged, error, parts.host));
  parts.events.emit('failed', { source: 'upstream', error });
  const shouldRetry = !error.sent;
  const denial = error.timedOut
    ? deny('upstream_timeout', 'OpenAI did not answer in time.', { shouldRetry })
    : deny('upstream_failed', 'The connection to OpenAI failed.', { shouldRetry });
  return unanswered(tagged, denial, { kind: error.sent ? 'held' : 'unserved' });
}

/** Returns the charge of a call that was stopped before it was answered. */
function abandoned(tagged: Tagged, { sent }: UpstreamError, host: KnownHost): Outcome {
  if (!sent) return { kind: 'nothing' };
  // An answer that comes whole may have been written whole by then.
  return tagged.built.stream ? cutOutcome(tagged, host, 0) : { kind: 'held' };
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
