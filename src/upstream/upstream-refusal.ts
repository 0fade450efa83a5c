import { type Denial, deny } from '../core/denial.ts';
import { parseJson } from '../core/json.ts';
import type { GuardResponse } from '../core/response.ts';
import { type EndUserVerdict, verdictOn } from '../openai/answer/blocked-identifier.ts';
import { readWireError, type WireError } from '../openai/answer/wire-error.ts';
import { plainWords } from './plain-words.ts';
import type { Redaction } from './redaction.ts';
import {
  impliedStatus,
  isAccountTrouble,
  isModelMissing,
  isModelWithheld,
  isPassing,
  meantStatus,
} from './refusal-codes.ts';
import type { UpstreamReply } from './transport.ts';
import { atStart } from './upstream-label.ts';

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
  /** Its words, without keys and names of accounts. */
  readonly words: string | undefined;
  /** The operator's account may not use the model. The user did not cause it, and it is no trouble for other
   * models. */
  readonly modelWithheld: boolean;
  /** What OpenAI decided about this user, if anything, and its words. */
  readonly verdict?: { readonly kind: EndUserVerdict; readonly message: string };
}

const RETRY_MS_MAX = 60_000;
const RETRY_MS_DEFAULT = 1_000;

/**
 * Returns what an answer outside 2xx means for the user. An error of the operator's account becomes 503,
 * without OpenAI's words. An error that the user's own request caused is passed on, with every key and
 * account name in it redacted. `label`: what messages call the host.
 */
export function readRefusal(
  reply: UpstreamReply,
  bytes: Uint8Array,
  redaction: Redaction,
  label = 'OpenAI',
): Refusal {
  const text = Buffer.from(bytes).toString('utf8');
  const error = readWireError(parseJson(text));
  const saysWhen = reply.header('retry-after') !== undefined;
  const status = meantStatus(reply.status, error, saysWhen);
  const said = { status, error, plain: error === undefined ? plainWords(text) : undefined };
  const refusal = refusalOf(said, { redaction, label, retryMs: retryAfterMs(reply) });
  return reply.header('x-should-retry') === 'false' ? { ...refusal, passing: false } : refusal;
}

/** The same for an error inside an answer with a status of success: in a stream, or as the whole of it. */
export function refusalIn(error: WireError, redaction: Redaction, label = 'OpenAI'): Refusal {
  const status = meantStatus(impliedStatus(error), error, false);
  return refusalOf({ status, error }, { redaction, label, retryMs: RETRY_MS_DEFAULT });
}

/** What a host said. `plain`: its words, where they are no error in a known form. */
interface Said {
  readonly status: number;
  readonly error: WireError | undefined;
  readonly plain?: string | undefined;
}

interface Manner {
  readonly redaction: Redaction;
  readonly label: string;
  readonly retryMs: number;
}

function refusalOf(said: Said, manner: Manner): Refusal {
  const { status, error, plain } = said;
  const shown = error && redacted(error, manner.redaction);
  const words = shown?.message ?? (plain && manner.redaction.error(plain));
  const known = { ...REFUSED, status, error, words };
  if (isModelWithheld(status, error)) {
    const denial = deny('model_not_allowed', 'The service may not use this model.');
    return { ...known, ending: denial, noModel: true, modelWithheld: true };
  }
  if (isAccountTrouble(status, error)) {
    const message = `The service cannot use ${manner.label} at the moment.`;
    return { ...known, ending: deny('upstream_account', message), account: true };
  }
  const ending = endingOf({ status, error: shown, plain: words }, manner);
  const kind = shown !== undefined && status < 500 ? verdictOn(shown) : undefined;
  if (kind !== undefined && shown !== undefined) {
    const verdict = { kind, message: shown.message };
    return { ...known, ending, forContent: true, verdict };
  }
  const passing = isPassing(status, error);
  const noModel = status === 404 && (error === undefined || isModelMissing(error));
  const forContent = isClientError(status) && !passing;
  return { ...known, ending, forContent, passing, noModel };
}

const REFUSED = {
  account: false,
  forContent: false,
  passing: false,
  noModel: false,
  modelWithheld: false,
};

function endingOf({ status, error, plain }: Said, { label, retryMs }: Manner) {
  if (isPassing(status, error)) {
    const resetsAtMs = Date.now() + retryMs;
    const message = `${atStart(label)} is busy. Try again shortly.`;
    return deny('upstream_busy', message, { resetsAtMs });
  }
  if (status === 429) return deny('call_exceeds_limit', TOO_LARGE);
  if (!isClientError(status)) {
    return deny('upstream_failed', `${atStart(label)} could not serve the request.`);
  }
  return passed(status, error ?? unnamedError(status, plain, label));
}

/** OpenAI's form of a refusal that has no error in a known form. */
function unnamedError(status: number, plain: string | undefined, label: string): WireError {
  const message = plain ?? `${atStart(label)} refused the request with status ${status}.`;
  return { message, type: 'invalid_request_error', param: null, code: null };
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
