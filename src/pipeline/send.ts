import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import type { ByteSource } from '../core/response.ts';
import { isEventStream } from '../openai/answer/content-type.ts';
import { readFirstEvent } from '../openai/answer/first-event.ts';
import { readRefusedAnswer } from '../openai/answer/wire-error.ts';
import { withEncryptedReasoning } from '../openai/request/encrypted-reasoning.ts';
import { writeJson } from '../openai/request/write-json.ts';
import { collect } from '../upstream/collect.ts';
import { collectOrPass } from '../upstream/collect-or-pass.ts';
import { bodyFor } from '../upstream/dialects/body-for.ts';
import { encryptsReasoning } from '../upstream/dialects/encrypts-reasoning.ts';
import { PeekedBody } from '../upstream/peeked-body.ts';
import type { HeaderOf } from '../upstream/queue/outlet.ts';
import type { Redaction } from '../upstream/redaction.ts';
import { type UpstreamCall, UpstreamError } from '../upstream/transport.ts';
import type { UpstreamKey } from '../upstream/upstream-keys.ts';
import { type Refusal, readRefusal, refusalIn } from '../upstream/upstream-refusal.ts';
import type { Attempt } from './attempt.ts';
import { labelOf } from './cut-outcome.ts';
import type { InFlightCall, InFlightCalls, Stoppable, StopReason } from './in-flight.ts';
import type { LargeAnswered, StreamAnswered, Tagged, WholeAnswered } from './states.ts';

/** What came of one request to an upstream. */
export type Sent = StreamAnswered | LargeAnswered | WholeAnswered | Refused | Unreached;

/** The upstream refused the request, before it generated anything. */
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  readonly header: HeaderOf;
  readonly redaction: Redaction;
}

/** There was no answer. */
export interface Unreached {
  readonly kind: 'unreached';
  /** Without the key. */
  readonly error: UpstreamError;
}

/** Sends the request of a call to the target of an attempt, once, and waits for the answer. Never rejects for
 * what the upstream does. */
export async function send(
  tagged: Tagged,
  attempt: Attempt,
  key: UpstreamKey,
  calls: InFlightCalls,
): Promise<Sent> {
  const { inFlight } = tagged;
  const { redaction } = key;
  inFlight.dispatched = true;
  const { transport } = attempt.turn.outlet.upstream;
  const sent = transport.send(requestOf(tagged, attempt, key));
  inFlight.run(new SentCall(sent, inFlight, calls));
  try {
    const received = receive({
      tagged,
      reply: await sent.reply,
      redaction,
      cancel: () => sent.cancel(),
    });
    return isPromiseLike(received) ? await received : received;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { kind: 'unreached', error: redaction.failure(error) };
  }
}

function requestOf(tagged: Tagged, attempt: Attempt, key: UpstreamKey) {
  const { endpoint, built, endUserIdHeaders } = tagged;
  const { upstream, model } = attempt.turn.outlet;
  const own = bodyFor(upstream.dialect, endpoint, built.body, model);
  const body = asksReasoning(tagged, attempt) ? withEncryptedReasoning(own) : own;
  return {
    path: upstream.pathOf(endpoint.path, model),
    headers: endUserIdHeaders === undefined ? key.headers : { ...key.headers, ...endUserIdHeaders },
    body: writeJson(body, built.original),
  };
}

/** Whether the client gets what the model thinks, encrypted, because it cannot refer to it. */
function asksReasoning(
  { built, endpoint }: Tagged,
  { turn: { outlet }, withoutReasoning }: Attempt,
): boolean {
  if (!built.losesReasoning || withoutReasoning || outlet.hasNoReasoning) return false;
  return encryptsReasoning(outlet.upstream.dialect, endpoint, outlet.model);
}

/** What is collected of a response that is no stream. A larger one passes as it comes. */
const COLLECTED_BYTES_MAX = 1024 * 1024;

type Received = Omit<StreamAnswered, 'kind' | 'body'>;

/** Throws or rejects with `UpstreamError`. */
function receive(received: Received): Soon<Sent> {
  const { tagged, reply, redaction } = received;
  if (reply.status < 200 || reply.status > 299) return receiveRefusal(received);
  if (isEventStream(reply.header('content-type'), tagged.built.stream)) {
    return receiveStream(received);
  }
  // It is written and billed by now. To stop reading would only hide what it cost.
  tagged.inFlight.run(undefined);
  return after(collectOrPass(reply.body, COLLECTED_BYTES_MAX), (body) => {
    if (!(body instanceof Uint8Array)) return { kind: 'large', ...received, body };
    const error = readRefusedAnswer(body);
    return error === undefined
      ? { kind: 'whole', tagged, reply, redaction, bytes: body }
      : refused(received, refusalIn(error, redaction, labelOf(tagged)));
  });
}

async function receiveRefusal(received: Received): Promise<Refused> {
  const { tagged, reply, redaction } = received;
  const bytes = await collectSome(reply.body);
  return refused(received, readRefusal(reply, bytes, redaction, labelOf(tagged)));
}

function receiveStream(received: Received): Soon<Sent> {
  const { tagged, reply, redaction, cancel } = received;
  const body = new PeekedBody(reply.body, readFirstEvent);
  return after(body.peek(), (first): Sent => {
    if (first === undefined || first === 'answer') return { kind: 'stream', ...received, body };
    cancel();
    return refused(received, refusalIn(first, redaction, labelOf(tagged)));
  });
}

const refused = ({ reply, redaction }: Received, refusal: Refusal): Refused => ({
  kind: 'refused',
  refusal,
  header: (name) => reply.header(name),
  redaction,
});

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

const REFUSAL_BYTES_MAX = 64 * 1024;

/** A refusal without a body, or with one that is too large, is still a refusal. */
async function collectSome(body: ByteSource): Promise<Uint8Array> {
  try {
    return await collect(body, REFUSAL_BYTES_MAX);
  } catch {
    return new Uint8Array();
  }
}
