import type { Events, FailedEvent } from '../core/events.ts';
import type { UpstreamFailure } from '../core/upstream-failure.ts';
import { doubtsOf, isComplete, type Reading } from '../openai/answer/usage.ts';
import { isEstimate } from '../openai/answer/usage-rules.ts';
import type { HeaderOf } from '../upstream/queue/outlet.ts';
import type { Redaction } from '../upstream/redaction.ts';
import type { UpstreamError } from '../upstream/transport.ts';
import { unquoted } from '../upstream/unquoted.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Refusal } from '../upstream/upstream-refusal.ts';
import type { Tagged } from './states.ts';

export interface ReportParts {
  readonly events: Events;
}

/** An answer that refused a call. */
export interface RefusedReply {
  readonly refusal: Refusal;
  readonly header: HeaderOf;
  readonly redaction: Redaction;
}

/** The host was slow. The content is not at fault. */
const TIMED_OUT = 408;
const MESSAGE_LENGTH_MAX = 500;
const CODE_LENGTH_MAX = 100;

/** Reports an answer that refused a call. `final`: the call ended with it. */
export function reportRefusal(
  { refusal, header, redaction }: RefusedReply,
  tagged: Tagged,
  { events }: ReportParts,
  final: boolean,
): void {
  const { status, error, account, modelWithheld, passing } = refusal;
  const isBusy = passing && final;
  const failure = {
    kind: isBusy ? 'busy' : 'refused',
    status,
    code: codeOf(error?.code ?? error?.type, redaction),
    message: wordsOf(refusal, tagged),
    requestId: requestIdOf(header, redaction),
    // Without an error in a known form, the host itself may be the wrong one.
    causedByRequest: refusal.forContent && error !== undefined && status !== TIMED_OUT,
    final,
  } as const;
  const source = account || modelWithheld ? 'upstream_account' : 'upstream';
  const what = isBusy ? 'was busy for too long, with' : 'refused the request with';
  emit(events, tagged, source, failure, (host) => new Error(`${host} ${what} status ${status}.`));
}

/** Reports a call that got no turn at any of its upstreams, and was not refused there. */
export function reportNoTurn(tagged: Tagged, { events }: ReportParts): void {
  const { waitedMs } = tagged.inFlight;
  const error = new Error(`A call waited ${Math.round(waitedMs)} ms for a turn in vain.`);
  emit(events, tagged, 'upstream', { ...NO_ANSWER, kind: 'busy', final: true }, () => error);
}

/** Reports that there was no answer. */
export function reportSilence(
  error: UpstreamError,
  tagged: Tagged,
  { events }: ReportParts,
  final: boolean,
): void {
  const kind = error.timedOut ? 'silent' : (error.fault ?? 'unreached');
  emit(events, tagged, 'upstream', { ...NO_ANSWER, kind, final }, () => error);
}

/** What is wrong with an answer of a status of success. */
export type AnswerFault = 'cut' | 'silent' | 'unreadable';

/** Reports an answer that broke off, or cannot be read. */
export function reportAnswer(
  kind: AnswerFault,
  { tagged, reply, redaction }: AnswerFacts,
  { events }: ReportParts,
): void {
  const failure = {
    ...NO_ANSWER,
    kind,
    status: reply.status,
    requestId: requestIdOf((name) => reply.header(name), redaction),
    final: true,
  };
  emit(events, tagged, 'upstream', failure, () => new Error(FAULTS[kind]));
}

interface AnswerFacts {
  readonly tagged: Tagged;
  readonly reply: { readonly status: number; header(name: string): string | undefined };
  readonly redaction: Redaction;
}

const FAULTS: Readonly<Record<AnswerFault, string>> = {
  cut: 'The answer broke off.',
  silent: 'The answer stopped in the middle.',
  unreadable: 'The answer is no answer of the API.',
};

/** Reports a usage that is missing where the endpoint has one, or that contradicts itself. */
export function reportUsage(
  reading: Reading | undefined,
  { inFlight, endpoint, built }: Tagged,
  { events }: ReportParts,
): void {
  if (endpoint.usage === undefined) return;
  const doubts = reading === undefined ? [] : doubtsOf(reading);
  if (reading !== undefined && isComplete(reading) && !isEstimate(doubts)) return;
  const what =
    reading === undefined
      ? 'has no usage. All that was held is charged'
      : `has a usage in doubt (${doubts.join(', ')}). The larger reading is charged`;
  const error = new Error(`The answer of ${built.model} (${endpoint.name}) ${what}.`);
  events.emit('failed', { source: 'usage', error, callId: inFlight.id });
}

const NO_ANSWER = {
  status: undefined,
  code: undefined,
  message: undefined,
  requestId: undefined,
  causedByRequest: false,
} as const;

function emit(
  events: Events,
  { inFlight, route }: Tagged,
  source: FailedEvent['source'],
  failure: Omit<UpstreamFailure, 'name' | 'host'>,
  errorOf: (host: string) => Error,
): void {
  const upstream: Upstream | undefined = (inFlight.target ?? route.targets[0])?.upstream;
  const { name = '', host = '' } = upstream ?? {};
  const error = errorOf(host);
  events.emit('failed', {
    source,
    error,
    callId: inFlight.id,
    upstream: { name, host, ...failure },
  });
}

/** A code may be any text. */
const codeOf = (code: string | null | undefined, redaction: Redaction): string | undefined =>
  code ? redaction.error(code).slice(0, CODE_LENGTH_MAX) : undefined;

const wordsOf = ({ words }: Refusal, { built }: Tagged): string | undefined =>
  words === undefined ? undefined : unquoted(words.slice(0, MESSAGE_LENGTH_MAX), built.body);

function requestIdOf(header: HeaderOf, redaction: Redaction): string | undefined {
  const id = header('x-request-id');
  return id === undefined || redaction.has(id) ? undefined : id.slice(0, CODE_LENGTH_MAX);
}
