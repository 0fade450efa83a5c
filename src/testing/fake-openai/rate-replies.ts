import { errorReply } from './error-replies.ts';
import type { RateBucket } from './rate-bucket.ts';
import type { Reply } from './script.ts';

/** What a request takes from one of its buckets. */
export interface Taken {
  readonly kind: 'requests' | 'tokens' | 'project-tokens';
  readonly bucket: RateBucket;
  readonly amount: number;
}

interface LimitNames {
  readonly model: string;
  readonly family: string;
  readonly periodMs: number;
}

const DAY_MS = 86_400_000;

/**
 * Names and values of `x-ratelimit-*`. `reset` is the time until the bucket is full, and `remaining` is
 * rounded down.
 */
export function limitHeaders({ kind, bucket }: Taken, nowMs: number): string[] {
  return [
    `x-ratelimit-limit-${kind}`,
    String(bucket.limit),
    `x-ratelimit-remaining-${kind}`,
    String(Math.floor(bucket.limit - bucket.usedAt(nowMs))),
    `x-ratelimit-reset-${kind}`,
    durationText(bucket.fullInMs(nowMs)),
  ];
}

/** The headers that tell a client when to try again. */
export function hintHeaders(waitMs: number): string[] {
  const retryAfter = String(Math.ceil(waitMs / 1000));
  return ['retry-after', retryAfter, 'retry-after-ms', String(Math.ceil(waitMs))];
}

/** OpenAI's text for a request that fits later (public issues of 2023 to 2026 quote it). */
export function overLimit(taken: Taken, names: LimitNames, waitMs: number, nowMs: number): Reply {
  const { bucket, amount } = taken;
  const figures = `Limit ${bucket.limit}, Used ${Math.ceil(bucket.usedAt(nowMs))}, Requested ${amount}`;
  const message = `Rate limit reached for ${limitText(taken, names)}: ${figures}. Please try again in ${durationText(waitMs)}. ${LEARN_MORE}`;
  return refusal(taken, message);
}

/** OpenAI's text for a request that never fits. Its status and code are those of one that fits later. */
export function tooLarge(taken: Taken, names: LimitNames): Reply {
  const figures = `Limit ${taken.bucket.limit}, Requested ${taken.amount}`;
  const message = `Request too large for ${limitText(taken, names)}: ${figures}. The input or output tokens must be reduced in order to run successfully. ${LEARN_MORE}`;
  return refusal(taken, message);
}

const LEARN_MORE = 'Visit https://platform.openai.com/account/rate-limits to learn more.';

function refusal({ kind }: Taken, message: string): Reply {
  return errorReply(429, kind === 'requests' ? kind : 'tokens', 'rate_limit_exceeded', message);
}

function limitText({ kind }: Taken, { model, family, periodMs }: LimitNames): string {
  const isDaily = periodMs >= DAY_MS;
  const unit = kind === 'requests' ? 'requests' : 'tokens';
  const short = `${kind === 'requests' ? 'R' : 'T'}P${isDaily ? 'D' : 'M'}`;
  const limit = model === family ? model : `${model} (for limit ${family})`;
  return `${limit} in organization org-fakeOrganization on ${unit} per ${isDaily ? 'day' : 'min'} (${short})`;
}

/** Writes a time as OpenAI does: `12ms`, `9.816s`, `4m12.632s`, `23h18m29.144s`. */
function durationText(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return whole === 0 ? '0s' : `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
