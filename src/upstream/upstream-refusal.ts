import { type Denial, deny } from '../core/denial.ts';
import { parseJson } from '../core/json.ts';
import type { GuardResponse } from '../core/response.ts';
import { type EndUserVerdict, verdictOn } from '../openai/answer/blocked-identifier.ts';
import { readWireError, type WireError } from '../openai/answer/wire-error.ts';
import type { Redaction } from './redaction.ts';
import {
  impliedStatus,
  isAccountTrouble,
  isModelMissing,
  isPassing,
  meantStatus,
} from './refusal-codes.ts';
import type { UpstreamReply } from './transport.ts';

/** What a refusal means, however OpenAI said it. */
export interface Refusal {
  /** The status that OpenAI sent, or would have sent. */
  readonly status: number;
  /** What the user gets. */
  readonly ending: Denial | GuardResponse;
  /** Whether it is about the operator's account. */
  readonly account: boolean;
  /** Whether it is about what the request contains. Otherwise the user did not cause it. */
  readonly forContent: boolean;
  /** OpenAI did no work for it, and takes it later. */
  readonly passing: boolean;
  /** The model is not there: another upstream may have it. */
  readonly noModel: boolean;
  /** What the host said, as it came. */
  readonly error: WireError | undefined;
  /** What OpenAI decided about this user, if anything, and its words. */
  readonly verdict?: { readonly kind: EndUserVerdict; readonly message: string };
}

const RETRY_MS_MAX = 60_000;
const RETRY_MS_DEFAULT = 1_000;

/**
 * Returns what an answer outside 2xx means for the user. An error of the operator's account becomes 503,
 * without OpenAI's words. An error that the user's own request caused is passed on, with every key and
 * account name in it redacted.
 */
export function readRefusal(
  reply: UpstreamReply,
  bytes: Uint8Array,
  redaction: Redaction,
): Refusal {
  const error = readWireError(parseJson(Buffer.from(bytes).toString('utf8')));
  const saysWhen = reply.header('retry-after') !== undefined;
  const status = meantStatus(reply.status, error, saysWhen);
  const refusal = refusalOf(status, error, redaction, retryAfterMs(reply));
  return reply.header('x-should-retry') === 'false' ? { ...refusal, passing: false } : refusal;
}

/** The same for an error inside an answer with a status of success: in a stream, or as the whole of it. */
export function refusalIn(error: WireError, redaction: Redaction): Refusal {
  const status = meantStatus(impliedStatus(error), error, false);
  return refusalOf(status, error, redaction, RETRY_MS_DEFAULT);
}

function refusalOf(
  status: number,
  error: WireError | undefined,
  redaction: Redaction,
  retryMs: number,
): Refusal {
  const shown = error && redacted(error, redaction);
  if (isAccountTrouble(status, error)) {
    const denial = deny('upstream_account', 'The service cannot use OpenAI at the moment.');
    return { ...REFUSED, status, error, ending: denial, account: true };
  }
  const ending = endingOf(status, shown, Date.now() + retryMs);
  const kind = shown !== undefined && status < 500 ? verdictOn(shown) : undefined;
  if (kind !== undefined && shown !== undefined) {
    const verdict = { kind, message: shown.message };
    return { ...REFUSED, status, error, ending, forContent: true, verdict };
  }
  const passing = isPassing(status, error);
  const noModel = status === 404 && (error === undefined || isModelMissing(error));
  const forContent = isClientError(status) && !passing;
  return { ...REFUSED, status, error, ending, forContent, passing, noModel };
}

const REFUSED = { account: false, forContent: false, passing: false, noModel: false };

function endingOf(
  status: number,
  error: WireError | undefined,
  resetsAtMs: number,
): Denial | GuardResponse {
  if (isPassing(status, error)) {
    return deny('upstream_busy', 'OpenAI is busy. Try again shortly.', { resetsAtMs });
  }
  if (status === 429) return deny('call_exceeds_limit', TOO_LARGE);
  if (isClientError(status) && error !== undefined) return passed(status, error);
  return deny('upstream_failed', 'OpenAI could not serve the request.');
}

const TOO_LARGE =
  'This call is larger than what the model takes at once here. Send less, or ask for less output.';

const isClientError = (status: number) => status >= 400 && status < 500;

function passed(status: number, { message, type, param, code }: WireError): GuardResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { message, type, param, code } }),
  };
}

const FIELD_LENGTH_MAX = 256;

function redacted(error: WireError, redaction: Redaction): WireError {
  const field = (text: string | null) =>
    text === null ? null : redaction.error(text).slice(0, FIELD_LENGTH_MAX);
  return {
    message: redaction.error(error.message),
    type: field(error.type),
    param: field(error.param),
    code: field(error.code),
  };
}

function retryAfterMs(reply: UpstreamReply): number {
  const ms = Number(reply.header('retry-after-ms') ?? Number.NaN);
  const seconds = Number(reply.header('retry-after') ?? Number.NaN);
  const hinted = Number.isFinite(ms) ? ms : seconds * 1000;
  return hinted > 0 ? Math.min(hinted, RETRY_MS_MAX) : RETRY_MS_DEFAULT;
}
