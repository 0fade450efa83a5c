import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { type Denial, denialCodes } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import { onOneLine } from '../core/redact-text.ts';
import type { GuardResponse, HeaderList } from '../core/response.ts';
import type { LimitDenial } from '../plans/explain-denial.ts';
import type { LimitStatus } from '../plans/limit-status.ts';
import { rateLimitHeaders } from '../plans/rate-limit-headers.ts';
import type { Admitted, Requested } from './states.ts';

/** Some SDKs sleep for as long as this header says (measured: an hour and more), so it stays short. */
const RETRY_AFTER_SECONDS_MAX = 60;
/** Clients that were denied until the same moment must not all come back in the same second. */
const JITTER_PART = 0.1;
const JITTER_SECONDS_MAX = 5;
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 503]);

export interface RefuseParts {
  readonly events: Events;
  readonly clock: Clock;
}

/** What is known of a call at the step that denied it. */
type DeniedCall = Requested & Partial<Pick<Admitted, 'identity' | 'limitStatus'>>;

/** Ends a call with a denial: emits the event and returns the response for OpenAI's clients. */
export function refuse(
  denial: LimitDenial,
  { identity, limitStatus = denial.limitStatus }: DeniedCall,
  { events, clock }: RefuseParts,
): GuardResponse {
  const userId = identity?.user.id;
  const { code, degraded = false } = denial;
  events.emit('denied', { code, degraded, userId, message: onOneLine(denial.message) });
  return denialResponse(denial, limitStatus, clock.nowMs());
}

/** Returns the response for one denial. */
export function denialResponse(
  denial: Denial,
  limitStatus: LimitStatus | undefined,
  nowMs: number,
): GuardResponse {
  const { status, type } = denialCodes[denial.code];
  const { code, message, param = null, limits, resetsAtMs } = denial;
  const error = {
    message,
    type,
    param,
    code,
    ...(limits && {
      limits: limits.map(({ fitsAtMs, ...limit }) => ({ ...limit, ...resets(fitsAtMs) })),
    }),
    ...resets(resetsAtMs),
  };
  const headers = {
    'content-type': 'application/json',
    'x-guard-code': code,
    ...(limitStatus && rateLimitHeaders(limitStatus, nowMs)),
    ...retryHeaders(denial, nowMs),
    ...(denial.allow !== undefined && { allow: denial.allow }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  };
  return { status, headers, body: JSON.stringify({ error }) };
}

const unixSeconds = (ms: number) => Math.ceil(ms / 1000);

function resets(atMs: number | undefined): { resets_at?: number } {
  return atMs === undefined ? {} : { resets_at: unixSeconds(atMs) };
}

function retryHeaders(denial: Denial, nowMs: number): HeaderList {
  const { resetsAtMs } = denial;
  const headers: HeaderList = {};
  if (resetsAtMs !== undefined) headers['x-guard-reset'] = String(unixSeconds(resetsAtMs));
  const { status, ...entry } = denialCodes[denial.code];
  const waitSeconds = Math.max(1, Math.ceil(((resetsAtMs ?? nowMs) - nowMs) / 1000));
  const tooLong = waitSeconds > RETRY_AFTER_SECONDS_MAX;
  const listed = 'shouldRetry' in entry ? entry.shouldRetry : undefined;
  const shouldRetry = tooLong ? false : (denial.shouldRetry ?? listed);
  if (shouldRetry !== undefined) headers['x-should-retry'] = String(shouldRetry);
  if (RETRYABLE_STATUS.has(status) && shouldRetry !== false) {
    headers['retry-after'] = String(jittered(waitSeconds));
  }
  return headers;
}

/** Returns the wait, or up to a tenth more (at least one second). Each is as likely as the others. */
function jittered(waitSeconds: number): number {
  const tenth = Math.min(Math.ceil(waitSeconds * JITTER_PART), JITTER_SECONDS_MAX);
  const most = Math.min(waitSeconds + tenth, RETRY_AFTER_SECONDS_MAX);
  return waitSeconds + randomInt(most - waitSeconds + 1);
}
