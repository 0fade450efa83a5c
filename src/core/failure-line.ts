import type { FailedEvent } from './events.ts';
import { adviceFor } from './failure-advice.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

const KIND_LENGTH_MAX = 120;

/** Names, numbers and ids in a message make no other kind of failure. */
const VARIABLE = /"[^"]*"|'[^']*'|`[^`]*`|\b[\w-]*\d[\w-]*\b/g;

/** Returns what failures have in common that are printed once a minute. */
export function kindOf({ source, error, upstream, listener }: FailedEvent): string {
  if (upstream === undefined) return `${source} ${listener ?? ''} ${classOf(error)}`;
  const { name, kind, code, status } = upstream;
  return `${source} ${name} ${kind} ${code ?? status ?? classOf(error)}`;
}

const classOf = (error: unknown): string =>
  textOf(error)
    .slice(0, KIND_LENGTH_MAX * 4)
    .replace(VARIABLE, '#')
    .slice(0, KIND_LENGTH_MAX);

/** Returns what is printed of one failure: what failed, why, and what to do. */
export function failureLine(event: FailedEvent): string {
  const { source, error, upstream, callId } = event;
  const what = upstream === undefined ? textOf(error) : upstreamText(upstream, error);
  const call = callId === undefined ? undefined : `Call ${callId}.`;
  return [`${source}: ${what}`, call, adviceFor(event)].filter(Boolean).join(' ');
}

function upstreamText(failure: UpstreamFailure, error: unknown): string {
  const { name, host, kind, status, code, message, requestId } = failure;
  const answer = [status, code].filter((part) => part !== undefined).join(' ');
  const answered = answer === '' ? '' : ` answered ${answer}`;
  const words = kind === 'refused' && message ? sentence(message) : textOf(error);
  return `${host} (${name})${answered}: ${words}${requestId ? ` Request ${requestId}.` : ''}`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The message of an error with that of its cause, which often has the reason. Never its other fields. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return sentence(messageOf(error));
  const { name, message, cause } = error;
  const shown = name === 'Error' ? message : `${name}: ${message}`;
  return cause instanceof Error
    ? `${sentence(shown)} ${sentence(causeOf(cause))}`
    : sentence(shown);
}

/** Errors of sockets may have a code and no message. */
function causeOf(cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : cause.name;
  return cause.message === '' ? code : cause.message;
}

/** A denial, or another value that was thrown and is no error. An object may hold anything. */
function messageOf(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error && error.message;
  if (typeof message === 'string') return message;
  return typeof error === 'object' ? 'an object was thrown' : String(error);
}
