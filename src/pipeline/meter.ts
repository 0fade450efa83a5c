import type { Clock } from '../base/clock.ts';
import { deny, isDenial } from '../core/denial.ts';
import type { HeaderList } from '../core/response.ts';
import { saysIdentifierBlocked, type WireError } from '../openai/answer/blocked-identifier.ts';
import { readAnswer } from '../openai/answer/read-answer.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import type { BlockedIdentifier } from '../users/identifier-block.ts';
import type { InFlightCall } from './in-flight.ts';
import { createMeteredStream, type StreamSettings } from './metered-stream.ts';
import type {
  Called,
  Metered,
  Outcome,
  Refuse,
  StreamAnswered,
  Tagged,
  Unanswered,
  WholeAnswered,
} from './states.ts';

/** Of a call that is bounded by one request and nothing else. */
const FREE: Outcome = {
  kind: 'used',
  reading: {
    usage: {
      inputTokens: 0,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      inputAudioTokens: 0,
      outputAudioTokens: 0,
    },
  },
};

export interface MeterParts {
  readonly refuse: Refuse;
  readonly stream: StreamSettings;
  /** Returns whether a call whose client left is read to its end. */
  readonly drain: (call: InFlightCall) => boolean;
  readonly clock: Clock;
  /** Never rejects. */
  readonly blockIdentifier: (blocked: BlockedIdentifier) => Promise<void>;
}

/** Passes the answer on as it is, and reads from it what it cost. */
export function createMeter(parts: MeterParts): (called: Called) => Metered {
  const { refuse, clock } = parts;
  return (called) => {
    if (called.kind === 'unanswered') return meterNothing(called, refuse);
    const headers = answerHeaders(called, clock.nowMs());
    return called.kind === 'stream'
      ? meterStream(called, headers, parts)
      : meterWhole(called, headers, refuse);
  };
}

function meterNothing({ ending, outcome, tagged }: Unanswered, refuse: Refuse): Metered {
  return { response: isDenial(ending) ? refuse(ending, tagged) : ending, outcome };
}

function meterWhole(
  { tagged, reply, bytes }: WholeAnswered,
  headers: HeaderList,
  refuse: Refuse,
): Metered {
  const read = readAnswer(tagged.endpoint.usage, bytes);
  if (read === 'invalid') {
    const denial = deny('upstream_failed', 'OpenAI sent an answer that cannot be read.', {
      shouldRetry: false,
    });
    return { response: refuse(denial, tagged), outcome: { kind: 'held' } };
  }
  const { reading, json } = read;
  const { stopped } = tagged.inFlight;
  const answer = isDenial(stopped)
    ? refuse(stopped, tagged)
    : { status: reply.status, headers, body: bytes, json };
  if (reading !== undefined) return { response: answer, outcome: { kind: 'used', reading } };
  return { response: answer, outcome: tagged.built.bound === undefined ? FREE : { kind: 'held' } };
}

function meterStream(called: StreamAnswered, headers: HeaderList, parts: MeterParts): Metered {
  const stream = createMeteredStream(called, parts.stream, parts.drain);
  const { source, outcome } = stream;
  void outcome.then(() => noteFailure(called.tagged, stream.failure, parts));
  // Proxies on the way must neither hold nor rewrite a stream (nginx, compression).
  headers['cache-control'] = 'no-store, no-transform';
  headers['x-accel-buffering'] = 'no';
  return { response: { status: called.reply.status, headers, body: source }, outcome };
}

/** The stream itself passed unchanged; the next call of this user goes nowhere. */
function noteFailure(
  { identity, endUserId }: Tagged,
  failure: WireError | undefined,
  { blockIdentifier }: MeterParts,
): void {
  if (failure === undefined || !saysIdentifierBlocked(failure)) return;
  void blockIdentifier({ userId: identity.user.id, endUserId, message: failure.message });
}

/** An allow-list: what else OpenAI sends tells of the account that all users share. */
const PASSED_HEADERS = [
  'content-type',
  'x-request-id',
  'openai-processing-ms',
  'openai-version',
] as const;

function answerHeaders(
  { tagged, reply }: StreamAnswered | WholeAnswered,
  nowMs: number,
): HeaderList {
  const headers = rateLimitHeaders(tagged.limitStatus, nowMs);
  for (const name of PASSED_HEADERS) {
    const value = reply.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
