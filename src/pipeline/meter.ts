import { deny, isDenial } from '../core/denial.ts';
import type { HeaderList } from '../core/response.ts';
import { NO_USAGE } from '../core/usage.ts';
import { passedType } from '../openai/answer/content-type.ts';
import { readAnswer } from '../openai/answer/read-answer.ts';
import { isComplete, type Reading } from '../openai/answer/usage.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import { readOutcome } from './cut-outcome.ts';
import { type RefuseParts, refuse } from './denial-response.ts';
import type { InFlightCalls } from './in-flight.ts';
import { MeteredStream, type StreamSettings } from './metered-stream.ts';
import { applyRefusal, type RefusalParts } from './refusal-effects.ts';
import type {
  Called,
  Metered,
  Outcome,
  StreamAnswered,
  Unanswered,
  WholeAnswered,
} from './states.ts';

/** The outcome of a call that is bounded by one request and nothing else. */
const FREE: Outcome = { kind: 'used', reading: { usage: NO_USAGE } };

export interface MeterParts extends RefuseParts, RefusalParts {
  readonly stream: StreamSettings;
  readonly calls: InFlightCalls;
}

/** Step 6: passes the answer on unchanged, and reads its usage. */
export function meter(called: Called, parts: MeterParts): Metered {
  if (called.kind === 'unanswered') return meterNothing(called, parts);
  const headers = answerHeaders(called, parts.clock.nowMs());
  return called.kind === 'stream'
    ? meterStream(called, headers, parts)
    : meterWhole(called, headers, parts);
}

function meterNothing({ ending, outcome, tagged }: Unanswered, parts: MeterParts): Metered {
  return { response: isDenial(ending) ? refuse(ending, tagged, parts) : ending, outcome };
}

function meterWhole(
  { tagged, reply, bytes }: WholeAnswered,
  headers: HeaderList,
  parts: MeterParts,
): Metered {
  const read = readAnswer(tagged.endpoint.usage, bytes);
  if (read === 'invalid') {
    const denial = deny('upstream_failed', 'OpenAI sent an answer that cannot be read.', {
      shouldRetry: false,
    });
    return { response: refuse(denial, tagged, parts), outcome: { kind: 'held' } };
  }
  const { reading, json } = read;
  const { stopped } = tagged.inFlight;
  const answer = isDenial(stopped)
    ? refuse(stopped, tagged, parts)
    : { status: reply.status, headers, body: bytes, json };
  const isFree = reading === undefined && tagged.built.bound === undefined;
  return { response: answer, outcome: isFree ? FREE : wholeOutcome(reading) };
}

const wholeOutcome = (reading: Reading | undefined): Outcome =>
  readOutcome(reading, reading !== undefined && isComplete(reading), { kind: 'held' });

function meterStream(called: StreamAnswered, headers: HeaderList, parts: MeterParts): Metered {
  const stream = new MeteredStream(called, parts.stream, parts.calls);
  const { outcome } = stream;
  void outcome.then(() => {
    if (stream.refusal !== undefined) void applyRefusal(stream.refusal, called.tagged, parts);
  });
  // Proxies on the way must neither hold nor rewrite a stream (nginx, compression).
  headers['cache-control'] = 'no-store, no-transform';
  headers['x-accel-buffering'] = 'no';
  return { response: { status: called.reply.status, headers, body: stream }, outcome };
}

/** An allow-list: OpenAI's other headers describe the account that all users share. */
const PASSED_HEADERS = ['x-request-id', 'openai-processing-ms', 'openai-version'] as const;

function answerHeaders(
  { kind, tagged, reply, redaction }: StreamAnswered | WholeAnswered,
  nowMs: number,
): HeaderList {
  const headers = rateLimitHeaders(tagged.limitStatus, nowMs);
  headers['content-type'] = passedType(reply.header('content-type'), kind === 'stream');
  for (const name of PASSED_HEADERS) {
    const value = reply.header(name);
    if (value !== undefined && !redaction.has(value)) headers[name] = value;
  }
  return headers;
}
