import { deny, isDenial } from '../core/denial.ts';
import type { HeaderList } from '../core/response.ts';
import { NO_USAGE } from '../core/usage.ts';
import { AnswerMeter } from '../openai/answer/answer-meter.ts';
import type { BodyMeter } from '../openai/answer/body-meter.ts';
import { passedType } from '../openai/answer/content-type.ts';
import { readAnswer } from '../openai/answer/read-answer.ts';
import { streamMeter } from '../openai/answer/stream-meter.ts';
import { isComplete, type Reading } from '../openai/answer/usage.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import { atStart } from '../upstream/upstream-label.ts';
import { hostOf, labelOf, readOutcome, showsOutput } from './cut-outcome.ts';
import { type RefuseParts, refuse } from './denial-response.ts';
import { MeteredStream, type PassingAnswered, type PassingParts } from './metered-stream.ts';
import { passErrorHeaders, passedHeaders, shownHeader } from './passed-headers.ts';
import { applyRefusal, type RefusalParts } from './refusal-effects.ts';
import { showShadow } from './shadow.ts';
import { shownErrors } from './shown-errors.ts';
import { outputCapOf } from './shrink-to-fit.ts';
import type {
  Called,
  LargeAnswered,
  Metered,
  Outcome,
  StreamAnswered,
  Tagged,
  Unanswered,
  WholeAnswered,
} from './states.ts';
import { reportAnswer, reportUsage } from './upstream-reports.ts';

/** The outcome of a call that is bounded by one request and nothing else. */
const FREE_READING: Reading = { usage: NO_USAGE };
const FREE: Outcome = { kind: 'used', reading: FREE_READING };

export interface MeterParts extends RefuseParts, RefusalParts, PassingParts, WayParts {}

/** Step 6: passes the answer on unchanged, and reads its usage. */
export function meter(called: Called, parts: MeterParts): Metered {
  if (called.kind === 'unanswered') return meterNothing(called, parts);
  const headers = answerHeaders(called, parts.clock.nowMs());
  showWay(headers, called.tagged, parts);
  if (called.kind === 'stream') return meterStream(called, headers, parts);
  return called.kind === 'large'
    ? meterLarge(called, headers, parts)
    : meterWhole(called, headers, parts);
}

function meterNothing(called: Unanswered, parts: MeterParts): Metered {
  const { ending, outcome, tagged, headers = {} } = called;
  const isDenied = isDenial(ending);
  const response = isDenied ? refuse(ending, tagged, parts) : ending;
  if (!isDenied) showShadow(response.headers, tagged);
  passErrorHeaders(response.headers, headers);
  showWay(response.headers, tagged, parts);
  return { response, outcome };
}

function meterWhole(called: WholeAnswered, headers: HeaderList, parts: MeterParts): Metered {
  const { tagged, reply, bytes, redaction } = called;
  const read = readAnswer(tagged.endpoint.usage, bytes);
  if (read === 'invalid') return meterUnreadable(called, parts);
  const { reading, json } = read;
  const { stopped } = tagged.inFlight;
  const body = redaction.answer(bytes);
  const answer = isDenial(stopped)
    ? refuse(stopped, tagged, parts)
    : { status: reply.status, headers, body, ...(body === bytes && { json }) };
  const isFree = reading === undefined && tagged.built.bound === undefined;
  if (!isFree) reportUsage(reading, tagged, parts);
  return { response: answer, outcome: isFree ? FREE : wholeOutcome(reading) };
}

function meterUnreadable(called: WholeAnswered, parts: MeterParts): Metered {
  const { tagged, reply, redaction } = called;
  reportAnswer('unreadable', called, parts);
  const message = `${atStart(labelOf(tagged))} sent an answer that cannot be read.`;
  const response = refuse(deny('upstream_failed', message, { shouldRetry: false }), tagged, parts);
  passErrorHeaders(
    response.headers,
    passedHeaders((name) => reply.header(name), redaction),
  );
  return { response, outcome: { kind: 'held' } };
}

const wholeOutcome = (reading: Reading | undefined): Outcome =>
  readOutcome(reading, reading !== undefined && isComplete(reading), { kind: 'held' });

/** Passes a response on that is too large to be collected. Its usage is read on the way. */
function meterLarge(called: LargeAnswered, headers: HeaderList, parts: MeterParts): Metered {
  const { tagged, reply } = called;
  const { inFlight, endpoint, built } = tagged;
  const usage = endpoint.usage ?? (built.bound === undefined ? () => FREE_READING : undefined);
  const meter = new AnswerMeter(usage);
  const body = new MeteredStream(called, meter, parts);
  void body.outcome.then(() => reportEnd(body, meter, called, parts));
  const response = isDenial(inFlight.stopped)
    ? refuse(inFlight.stopped, tagged, parts)
    : { status: reply.status, headers, body };
  return { response, outcome: body.outcome };
}

function meterStream(called: StreamAnswered, headers: HeaderList, parts: MeterParts): Metered {
  const { endpoint, built } = called.tagged;
  const { hideUsage, choices } = built;
  const countsText = showsOutput(called.tagged, hostOf(called.tagged));
  const shownError = shownErrors(called.redaction, labelOf(called.tagged));
  const streaming = streamMeter(endpoint, { hideUsage, choices, countsText, shownError });
  const stream = new MeteredStream(called, streaming, parts);
  const { outcome } = stream;
  void outcome.then(() => reportEnd(stream, streaming, called, parts));
  // Proxies on the way must neither hold nor rewrite a stream (nginx, compression).
  headers['cache-control'] = 'no-store, no-transform';
  headers['x-accel-buffering'] = 'no';
  return { response: { status: called.reply.status, headers, body: stream }, outcome };
}

/** Reports how a passing answer ended, if it did not end well. */
function reportEnd(
  { refusal, fault }: MeteredStream,
  { isWhole, reading }: BodyMeter,
  called: PassingAnswered,
  parts: MeterParts,
): void {
  const { tagged, reply, redaction } = called;
  if (refusal !== undefined) {
    const header = (name: string) => reply.header(name);
    void applyRefusal({ refusal, header, redaction }, tagged, parts);
  } else if (fault !== undefined) reportAnswer(fault, called, parts);
  else if (isWhole && tagged.built.bound !== undefined) reportUsage(reading, tagged, parts);
}

export interface WayParts {
  /** Whether clients see by which upstream a call was served. */
  readonly showsUpstream: boolean;
}

/** Shows how long a call waited, and where it went. */
function showWay(headers: HeaderList, { inFlight }: Tagged, { showsUpstream }: WayParts): void {
  const { waitedMs, target } = inFlight;
  if (waitedMs > 0) headers['x-guard-waited-ms'] = String(Math.round(waitedMs));
  if (showsUpstream && target !== undefined) headers['x-guard-upstream'] = target.upstream.name;
}

type Answered = Exclude<Called, Unanswered>;

/** Shows the cap where the client sent a higher one. */
function showLoweredCap(headers: HeaderList, tagged: Tagged): void {
  const { askedOutputTokens } = tagged.built;
  if (askedOutputTokens === undefined) return;
  const cap = outputCapOf(tagged);
  if (cap < askedOutputTokens) headers['x-guard-max-output-tokens'] = String(cap);
}

/** What a call is charged is known when its answer has passed. Until then it holds the most. `settle` shows
 * what is left of a call whose charge is known. */
function limitsWhilePassing({ limitStatus, held, inFlight }: Tagged, nowMs: number): HeaderList {
  const hold = { held, heldAtMs: inFlight.startedAtMs, used: undefined, keepsRates: false };
  return rateLimitHeaders(limitStatus, nowMs, hold);
}

function answerHeaders({ kind, tagged, reply, redaction }: Answered, nowMs: number): HeaderList {
  const header = (name: string) => reply.header(name);
  const headers = kind === 'whole' ? {} : limitsWhilePassing(tagged, nowMs);
  showLoweredCap(headers, tagged);
  showShadow(headers, tagged);
  const type = shownHeader(header, redaction, 'content-type');
  headers['content-type'] = passedType(type, kind === 'stream');
  return Object.assign(headers, passedHeaders(header, redaction));
}
