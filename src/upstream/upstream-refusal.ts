import { type Denial, deny } from '../core/denial.ts';
import type { GuardResponse } from '../core/response.ts';
import { saysIdentifierBlocked, type WireError } from '../openai/answer/blocked-identifier.ts';
import type { UpstreamReply } from './upstream.ts';

interface OpenAIError extends WireError {
  readonly type: string | null;
}

export interface Refusal {
  /** What the user gets. */
  readonly ending: Denial | GuardResponse;
  /** Whether it is about the operator's account. */
  readonly account: boolean;
  /** Whether it is about what the request contains. Otherwise the user did not cause it. */
  readonly forContent: boolean;
  /** OpenAI's words if it no longer serves this user. */
  readonly identifierBlocked?: WireError;
}

/** Codes about the operator's account, never about the user (OpenAI's error guide, read 2026-11). */
const ACCOUNT_CODES: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
  'billing_not_active',
  'account_deactivated',
  'invalid_api_key',
  'missing_scope',
]);
const OVERLOADED_CODES: ReadonlySet<string> = new Set([
  'server_is_overloaded',
  'service_unavailable_error',
  'slow_down',
]);
const RETRY_MS_MAX = 60_000;
const RETRY_MS_DEFAULT = 1_000;

/**
 * Returns what an answer outside 2xx means for the user. An error of the operator's account becomes 503,
 * without OpenAI's words. An error that the user's own request caused is passed on, with every key and
 * account name in it redacted.
 */
export function readRefusal(reply: UpstreamReply, bytes: Uint8Array, key: string): Refusal {
  const error = readError(bytes, key);
  const { status } = reply;
  if (isAccountTrouble(status, error)) {
    const denial = deny('upstream_account', 'The service cannot use OpenAI at the moment.');
    return { ending: denial, account: true, forContent: false };
  }
  const ending = endingOf(status, error, reply);
  const isOfUser = error !== undefined && status < 500 && saysIdentifierBlocked(error);
  const forContent = isClientError(status) && !isTooBusy(status, error);
  return { ending, account: false, forContent, ...(isOfUser && { identifierBlocked: error }) };
}

function endingOf(
  status: number,
  error: OpenAIError | undefined,
  reply: UpstreamReply,
): Denial | GuardResponse {
  const resetsAtMs = Date.now() + retryAfterMs(reply);
  if (isOverloaded(error)) {
    return deny('upstream_busy', 'OpenAI is overloaded. Try again shortly.', { resetsAtMs });
  }
  if (status === 429) {
    const message = 'OpenAI is receiving too many requests from this service. Try again shortly.';
    return deny('rate_limit_exceeded', message, { resetsAtMs });
  }
  if (isClientError(status) && error !== undefined) return passed(status, error);
  return deny('upstream_failed', 'OpenAI could not serve the request.');
}

const isClientError = (status: number) => status >= 400 && status < 500;
const isOverloaded = (error: OpenAIError | undefined) => OVERLOADED_CODES.has(error?.code ?? '');
const isTooBusy = (status: number, error: OpenAIError | undefined) =>
  status === 429 || isOverloaded(error);

function isAccountTrouble(status: number, error: OpenAIError | undefined): boolean {
  if (status === 401) return true;
  // A 403 about the end user's content is the user's; every other is the account's.
  if (status === 403) return error === undefined || !(isPolicy(error) || isOfEndUser(error));
  return ACCOUNT_CODES.has(error?.code ?? '') || error?.type === 'insufficient_quota';
}

const isPolicy = ({ code }: OpenAIError) => /policy/.test(code ?? '');
const isOfEndUser = (error: OpenAIError) =>
  error.param === 'safety_identifier' || saysIdentifierBlocked(error);

function passed(status: number, error: OpenAIError): GuardResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error }),
  };
}

/** OpenAI's keys, session keys and the ids of accounts. The key in use may look different. */
const SECRETIVE = /\b(?:sk|ek|sess|org|proj)[-_][A-Za-z0-9_*.-]{6,}|\buser-[A-Za-z0-9]{16,}/g;

function redact(text: string, key: string): string {
  return text.replaceAll(key, '[redacted]').replace(SECRETIVE, '[redacted]');
}

function readError(bytes: Uint8Array, key: string): OpenAIError | undefined {
  try {
    const { error } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof error?.message !== 'string') return undefined;
    const text = (value: unknown) =>
      typeof value === 'string' ? redact(value, key).slice(0, 256) : null;
    return {
      message: redact(error.message, key),
      type: text(error.type),
      param: text(error.param),
      code: text(error.code),
    };
  } catch {
    return undefined;
  }
}

function retryAfterMs(reply: UpstreamReply): number {
  const ms = Number(reply.header('retry-after-ms') ?? Number.NaN);
  const seconds = Number(reply.header('retry-after') ?? Number.NaN);
  const hinted = Number.isFinite(ms) ? ms : seconds * 1000;
  return hinted > 0 ? Math.min(hinted, RETRY_MS_MAX) : RETRY_MS_DEFAULT;
}
