import type { HeaderOf } from '../queue/outlet.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const LENGTH_MAX = 32;
const NUMBER = /^\d+(?:\.\d+)?$/;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/**
 * Reads `12ms`, `6m0s`, `23h18m29.144s`, as OpenAI and Groq write them. A bare number is seconds, as Azure
 * and Cerebras write them. Returns ms; `undefined` for anything else.
 */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || text.length > LENGTH_MAX) return undefined;
  if (NUMBER.test(text)) return Number(text) * 1_000;
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, value, unit = ''] of text.matchAll(PART))
    sum += Number(value) * (UNIT_MS[unit] ?? 0);
  return sum;
}

/** The longest hint that is obeyed, in ms. */
export const RETRY_HINT_MS_MAX = 60_000;
/** Numbers from here on are Unix ms or Unix seconds, no waits. */
const UNIX_MS_FROM = 1e12;
const UNIX_SECONDS_FROM = 1e9;

/**
 * Returns how long an answer asks to wait, from 0 to 60,000 ms; `undefined` if it does not say. It reads
 * `retry-after-ms`, then `retry-after` in seconds or as an HTTP date, then `x-ratelimit-reset`, in which
 * OpenRouter writes the end of the window in Unix ms (openrouter.ai/docs, read 2026-11).
 */
export function retryAfterMs(header: HeaderOf, nowMs: number): number | undefined {
  const ms = askedWaitMs(header, nowMs);
  return ms === undefined ? undefined : Math.min(ms, RETRY_HINT_MS_MAX);
}

/** The same without an upper bound. */
export function askedWaitMs(header: HeaderOf, nowMs: number): number | undefined {
  const ms =
    count(header('retry-after-ms')) ??
    retryAfter(header, nowMs) ??
    resetAfterMs(header('x-ratelimit-reset'), nowMs);
  return ms === undefined ? undefined : Math.max(0, ms);
}

function retryAfter(header: HeaderOf, nowMs: number): number | undefined {
  const text = header('retry-after');
  if (text === undefined || text.length > LENGTH_MAX) return undefined;
  const waitMs = durationMs(text);
  if (waitMs !== undefined) return waitMs;
  const atMs = Date.parse(text);
  if (!text.endsWith('GMT') || Number.isNaN(atMs)) return undefined;
  // The host's own clock wrote both dates.
  const sentAtMs = Date.parse(header('date') ?? '');
  return atMs - (Number.isNaN(sentAtMs) ? nowMs : sentAtMs);
}

function resetAfterMs(text: string | undefined, nowMs: number): number | undefined {
  const value = count(text);
  if (value === undefined || value < UNIX_SECONDS_FROM) return undefined;
  return (value < UNIX_MS_FROM ? value * 1_000 : value) - nowMs;
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && text.length <= LENGTH_MAX && NUMBER.test(text)
    ? Number(text)
    : undefined;
}
