import { withHookDeadline } from '../deadline.ts';
import { type Denial, deny } from '../errors.ts';
import type { Events } from '../events.ts';
import type { GuardAnswer } from '../exchange.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { collect } from '../upstream/collect.ts';
import type { Turns } from '../upstream/turn.ts';
import { type Upstream, UpstreamError, type UpstreamReply } from '../upstream/upstream.ts';
import { readRefusal } from '../upstream/upstream-refusal.ts';
import { LEASE_MS } from './admit.ts';
import type { Outcome } from './meter.ts';
import type { Tagged } from './tag.ts';

/** A call that came back from OpenAI, one way or another. */
export type Called = StreamAnswered | WholeAnswered | Unanswered;

interface Came {
  readonly tagged: Tagged;
  readonly reply: UpstreamReply;
}

/** An event stream; nothing of it has been read. */
export interface StreamAnswered extends Came {
  readonly kind: 'stream';
  readonly cancel: () => void;
}

export interface WholeAnswered extends Came {
  readonly kind: 'whole';
  readonly bytes: Uint8Array;
}

/** OpenAI refused, could not be reached, or the call was stopped before it answered. */
export interface Unanswered {
  readonly kind: 'unanswered';
  readonly tagged: Tagged;
  readonly ending: Denial | GuardAnswer;
  readonly outcome: Outcome;
}

export interface CallParts {
  readonly upstream: Upstream;
  readonly turns: Turns;
  readonly ledger: Ledger;
  readonly events: Events;
  readonly apiKey: () => string | Promise<string>;
  readonly fixedHeaders: Readonly<Record<string, string>>;
  readonly hookDeadlineMs: number;
  readonly answerBytesMax: number;
  readonly onClientGone: 'abort' | 'drain';
}

/** A connection that provably carried nothing is tried once more; nothing else ever is. */
const ATTEMPTS_MAX = 2;
const BUSY = deny('upstream_busy', 'Too many calls are waiting for OpenAI. Try again shortly.');
const GONE = deny('upstream_failed', 'The client left before the answer.');

/** Calls OpenAI with the server's key, once; every failure says what it may have cost. */
export function createCall(parts: CallParts): (tagged: Tagged) => Promise<Called> {
  return async (tagged) => {
    const { inFlight } = tagged;
    inFlight.endTurn = await parts.turns.take((giveUp) => {
      inFlight.onStop = giveUp;
    });
    if (inFlight.stopped !== undefined) return stopped(tagged, { kind: 'nothing' });
    if (inFlight.endTurn === undefined) return unanswered(tagged, BUSY, { kind: 'nothing' });
    const key = checkedKey(await withHookDeadline(parts.apiKey(), parts.hookDeadlineMs, 'apiKey'));
    await noteDispatch(parts.ledger, inFlight.id);
    if (inFlight.stopped !== undefined) return stopped(tagged, { kind: 'nothing' });
    try {
      return await send(parts, tagged, key);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return failed(parts, tagged, error);
    }
  };
}

/**
 * The ledger learns first that money may flow: a crash after this charges the hold. One in this very
 * process would not survive the crash.
 */
function noteDispatch(ledger: Ledger, id: string): Promise<boolean> | undefined {
  if (ledger.inProcess) return undefined;
  return ledger.renew(id, { durationMs: LEASE_MS, dispatched: true });
}

function checkedKey(key: unknown): string {
  if (typeof key !== 'string' || !/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError(
      '"apiKey" must answer a non-empty text without spaces or control characters',
    );
  }
  return key;
}

async function send(parts: CallParts, tagged: Tagged, key: string): Promise<Called> {
  const { inFlight, built, payload, tagHeaders } = tagged;
  const headers = { ...parts.fixedHeaders, ...tagHeaders, authorization: `Bearer ${key}` };
  const request = { path: built.endpoint.path, headers, body: payload };
  inFlight.dispatched = true;
  for (let attempt = 1; ; attempt += 1) {
    const exchange = parts.upstream.send(request);
    inFlight.onStop = (reason) => {
      // Who drains wants to know what the call costs, and reads on without the client.
      if (reason !== 'gone' || parts.onClientGone === 'abort') exchange.cancel();
    };
    try {
      const reply = await exchange.reply;
      return await receive(parts, tagged, { reply, key, cancel: () => exchange.cancel() });
    } catch (error) {
      const unsent = error instanceof UpstreamError && !error.sent;
      if (!unsent || attempt === ATTEMPTS_MAX || inFlight.stopped !== undefined) throw error;
    }
  }
}

interface Received {
  readonly reply: UpstreamReply;
  /** The key that was sent, which no answer may repeat. */
  readonly key: string;
  readonly cancel: () => void;
}

async function receive(
  parts: CallParts,
  tagged: Tagged,
  { reply, key, cancel }: Received,
): Promise<Called> {
  if (reply.status < 200 || reply.status > 299) {
    const bytes = await collect(reply.body, REFUSAL_BYTES_MAX).catch(() => new Uint8Array());
    const { ending, account } = readRefusal(reply, bytes, key);
    if (account) parts.events.emit('failed', { what: 'upstream_account', error: ending });
    // Refused before it generated anything: nothing is owed.
    return unanswered(tagged, ending, { kind: 'nothing' });
  }
  const isStream = reply.header('content-type')?.startsWith('text/event-stream') ?? false;
  if (isStream) return { kind: 'stream', tagged, reply, cancel };
  // It is written and billed by now: to stop reading would only hide what it cost.
  tagged.inFlight.onStop = undefined;
  const bytes = await collect(reply.body, parts.answerBytesMax);
  return { kind: 'whole', tagged, reply, bytes };
}

const REFUSAL_BYTES_MAX = 64 * 1024;

function failed(parts: CallParts, tagged: Tagged, error: UpstreamError): Called {
  // Sent and unanswered: OpenAI may have worked on it, so the upper bound stands. Reading the body
  // that was announced is part of it.
  if (tagged.inFlight.stopped !== undefined) return stopped(tagged, abandoned(tagged, error));
  parts.events.emit('failed', { what: 'upstream', error });
  const shouldRetry = !error.sent;
  const denial = error.timedOut
    ? deny('upstream_timeout', 'OpenAI did not answer in time.', { shouldRetry })
    : deny('upstream_failed', 'The connection to OpenAI failed.', { shouldRetry });
  return unanswered(tagged, denial, error.sent ? { kind: 'held' } : { kind: 'nothing' });
}

/**
 * What a call cost that was stopped before it was answered. A stream had delivered nothing; an
 * answer that comes whole may have been written whole by then.
 */
function abandoned({ built }: Tagged, { sent }: UpstreamError): Outcome {
  if (!sent) return { kind: 'nothing' };
  return built.stream ? { kind: 'delivered', textBytes: 0 } : { kind: 'held' };
}

function stopped(tagged: Tagged, outcome: Outcome): Unanswered {
  const reason = tagged.inFlight.stopped;
  return unanswered(tagged, reason === undefined || reason === 'gone' ? GONE : reason, outcome);
}

function unanswered(tagged: Tagged, ending: Denial | GuardAnswer, outcome: Outcome): Unanswered {
  return { kind: 'unanswered', tagged, ending, outcome };
}
