import { verdictOn } from '../openai/answer/blocked-identifier.ts';
import type { WireError } from '../openai/answer/wire-error.ts';

/** Codes and types about the operator's account, never about the user (OpenAI's error guide, read 2026-11;
 * the last lines are those of other hosts). */
const OF_ACCOUNT: ReadonlySet<string | null> = new Set([
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
  'invalid_organization',
  'mismatched_organization',
  'mismatched_project',
  'ip_not_authorized',
  'unsupported_country_region_territory',
  'authentication_error',
  'permission_error',
  'billing_error',
  'insufficient_balance',
  'insufficient_credits',
  'payment_required',
]);

/** The words of such an error that has no code. They name no field of the request. xAI and Gemini, issues of
 * 2026-02 to 2026-07: "used all available credits or reached its monthly spending limit". */
const WORDS_OF_ACCOUNT =
  /exceeded your current quota|billing details|insufficient (?:balance|credits?|funds|quota)|(?:incorrect|invalid) api key|all available credits|(?:out of|any) credits|credits are depleted/i;

/** Gemini says the same words about a limit of a minute, and when to come back (issues of 2026-01 to 2026-06). */
const WORDS_OF_RATE = /please retry in \d|docs\/rate-limits/i;

/** xAI and Gemini refuse a key with status 400 (docs.x.ai, debugging, 2026-11; issues of 2026-02). */
const WORDS_OF_KEY = /^(?:(?:incorrect|invalid) api key|api key (?:not valid|expired))/i;

/** Such words at the start of a refused request. A host may repeat those of a user further on. */
const OPENING_WORDS_OF_ACCOUNT = /^(?:insufficient|you exceeded|user location is not supported)\b/i;

/** OpenRouter's moderation, and xAI's safety checks, whose code is that of a missing permission
 * (openrouter.ai/docs, errors, 2026-11; xAI in issues of 2025-08 to 2026-08). */
const WORDS_OF_CONTENT =
  /\binput was flagged\b|\bviolates usage guidelines\b|\bSAFETY_CHECK_TYPE\b/i;

const OVERLOADED: ReadonlySet<string | null> = new Set([
  'server_is_overloaded',
  'service_unavailable_error',
  'overloaded_error',
  'slow_down',
]);

/** Types of a limit: the last two are units of OpenAI's own (its answers of status 429, seen 2026-11). */
const BUSY: ReadonlySet<string | null> = new Set([
  'rate_limit_exceeded',
  'rate_limit_error',
  'requests',
  'tokens',
]);

const OF_REQUEST_TYPE: ReadonlySet<string | null> = new Set([
  'invalid_request_error',
  'invalid_request',
]);
/** Codes of OpenAI's about a request, as `response.failed` has them (openai 7.57, `ResponseError.code`). */
const OF_REQUEST_CODE =
  /^(?:invalid|unsupported|unknown|missing|empty|image|failed_to_download_image|context_length|string|content|model_not_found)/;

const isPolicy = ({ code, message }: WireError) =>
  /policy/.test(code ?? '') || WORDS_OF_CONTENT.test(message);

/**
 * Returns the status with which OpenAI refuses for the same reason. A 402 that says when to come back is a
 * limit of OpenRouter's on what is in flight; 498 is Groq's for a tier without capacity (their pages on
 * errors and limits, 2026-11).
 */
export function meantStatus(
  status: number,
  error: WireError | undefined,
  saysWhen: boolean,
): number {
  if (status === 400 && error !== undefined && WORDS_OF_KEY.test(error.message)) return 401;
  if (status === 400 && error !== undefined && isUnknownModel(error)) return 404;
  if (status === 402 && saysWhen) return 429;
  return status === 498 ? 503 : status;
}

/** Whether an error with this status is about the operator's account. */
export function isAccountTrouble(status: number, error: WireError | undefined): boolean {
  if (status === 401 || status === 402) return true;
  if (error === undefined) return status === 403;
  if (verdictOn(error) !== undefined) return false;
  // A 403 about the end user's content is the user's; every other is the account's.
  if (status === 403) return !isPolicy(error) && error.param !== 'safety_identifier';
  return isOfAccount(error, OF_REQUEST_STATUS.has(status));
}

/** The request itself is at fault. The words may be the user's. */
const OF_REQUEST_STATUS: ReadonlySet<number> = new Set([400, 404, 413, 422]);

function isOfAccount({ code, type, param, message }: WireError, isOfRequest = false): boolean {
  if (OF_ACCOUNT.has(code) || OF_ACCOUNT.has(type)) return true;
  if (param || WORDS_OF_RATE.test(message)) return false;
  return (isOfRequest ? OPENING_WORDS_OF_ACCOUNT : WORDS_OF_ACCOUNT).test(message);
}

const isOverloaded = (error: WireError | undefined): boolean =>
  error !== undefined && (OVERLOADED.has(error.code) || OVERLOADED.has(error.type));

/** A refusal before any work, by a host whose limit or capacity is used up for now. */
export function isPassing(status: number, error: WireError | undefined): boolean {
  if (status === 429) return !isTooLarge(error);
  return isOverloaded(error) || (error !== undefined && BUSY_STATUS.has(status));
}

/** 529 is that of hosts which follow Anthropic. */
const BUSY_STATUS: ReadonlySet<number> = new Set([503, 529]);

/** It has the status and the code of a limit that is used up, but never fits (OpenAI's texts, read 2026-11). */
const isTooLarge = (error: WireError | undefined): boolean =>
  error !== undefined && /^request too large\b/i.test(error.message);

export const isModelMissing = ({ code, message }: WireError): boolean =>
  code === 'model_not_found' ||
  code === 'DeploymentNotFound' ||
  /\bmodels?\b|^no endpoints found for /i.test(message);

/** The project of the key lacks this one model: "Project … does not have access to model …". */
export const isModelWithheld = (status: number, error: WireError | undefined): boolean =>
  status === 403 && error?.code === 'model_not_found';

/** DeepSeek, OpenRouter, Mistral and Groq say it with status 400 (issues and harnesses of 2026). */
const isUnknownModel = ({ code, message }: WireError): boolean =>
  code === 'model_decommissioned' ||
  /^model not exist\b|^invalid model:|\bis not a valid model id\b/i.test(message);

/** Returns the status with which OpenAI refuses a call for the same reason, for an error without one. */
export function impliedStatus(error: WireError): number {
  const { code, type, param, status } = error;
  if (verdictOn(error) !== undefined) return 403;
  if (status !== undefined) return status;
  if (code === 'invalid_api_key') return 401;
  if (BUSY.has(code) || BUSY.has(type) || isOfAccount(error)) return 429;
  if (isOverloaded(error)) return 503;
  if (code === 'model_not_found') return 404;
  const isOfRequest =
    OF_REQUEST_TYPE.has(type) || param !== null || OF_REQUEST_CODE.test(code ?? '');
  return isOfRequest || isPolicy(error) ? 400 : 500;
}
