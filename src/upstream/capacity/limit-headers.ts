import type { HeaderOf } from '../queue/outlet.ts';
import { durationMs } from './header-times.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** What one of an upstream's limits counts. A project of OpenAI has a limit of its own beside the account's. */
export type LimitBucket = 'requests' | 'tokens' | 'project-tokens';

/** A limit as an answer described it, at some instant between its request and its first byte. */
export interface SeenLimit {
  readonly bucket: LimitBucket;
  readonly limit: number;
  readonly remaining: number;
  /** A minute or a day; `undefined` if the answer does not show which. */
  readonly periodMs: number | undefined;
  /** The headers that show it. */
  readonly names: LimitHeaderNames;
}

interface LimitHeaderNames {
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

interface Spelling {
  readonly bucket: LimitBucket;
  readonly names: LimitHeaderNames;
  /** Where the name of the header says it. */
  readonly periodMs: number | undefined;
}

function spelling(suffix: string, bucket: LimitBucket, periodMs?: number): Spelling {
  const nameOf = (part: string) => `x-ratelimit-${part}-${suffix}`;
  const names = { limit: nameOf('limit'), remaining: nameOf('remaining'), reset: nameOf('reset') };
  return { bucket, names, periodMs };
}

/** As OpenAI, Groq and Azure write them. */
const COMMON: readonly Spelling[] = [
  spelling('requests', 'requests'),
  spelling('tokens', 'tokens'),
  spelling('project-tokens', 'project-tokens'),
];

/**
 * Mistral and Cerebras name the period too (mistralai/client-ts#169, inference-docs.cerebras.ai, read 2026-11).
 * Limits of an hour or a month are not read: no claim has their period.
 */
const WITH_PERIOD: readonly Spelling[] = [
  spelling('req-minute', 'requests', MINUTE_MS),
  spelling('requests-minute', 'requests', MINUTE_MS),
  spelling('requests-day', 'requests', DAY_MS),
  spelling('tokens-minute', 'tokens', MINUTE_MS),
  spelling('tokens-day', 'tokens', DAY_MS),
];

/**
 * Returns the limits that an answer shows. A limit that is missing, 0, -1 or above 10^12 is not said: Azure writes -1 on the
 * Responses API (openai/openai-dotnet#838), and Mistral 0 for a model outside the plan. Azure also sends
 * `remaining` without a limit, from a cache (EvolvingPrograms/oaib#11): that is not said either.
 */
export function readLimits(header: HeaderOf): readonly SeenLimit[] {
  const seen = readAs(COMMON, header);
  return seen.length > 0 ? seen : readAs(WITH_PERIOD, header);
}

function readAs(spellings: readonly Spelling[], header: HeaderOf): readonly SeenLimit[] {
  const seen: SeenLimit[] = [];
  for (const { bucket, names, periodMs: named } of spellings) {
    const limit = wholeNumber(header(names.limit));
    if (limit === undefined || limit === 0) continue;
    const remaining = wholeNumber(header(names.remaining));
    if (remaining === undefined) continue;
    const periodMs = named ?? periodOf(limit, remaining, header(names.reset));
    seen.push({ bucket, limit, remaining: Math.min(remaining, limit), periodMs, names });
  }
  return seen;
}

/** How far a period may be off: hosts round the times that they write. */
const TOLERANCE = 0.05;

/**
 * `reset` is the time until the bucket is full, so it shows how fast the bucket fills: 1,495,621 of 1,500,000
 * and 4m12s is a day, 4,999 of 5,000 and 12ms is a minute. Checked on public answers of OpenAI and Groq
 * (2026-11). Bare seconds are not read this way: hosts that write them mean the end of a window, and only a
 * wait of more than a minute shows that the window is longer.
 */
function periodOf(limit: number, remaining: number, reset: string | undefined): number | undefined {
  const resetMs = durationMs(reset);
  if (resetMs === undefined || remaining >= limit) return undefined;
  if (/\d$/.test(reset ?? '')) return resetMs > 2 * MINUTE_MS ? DAY_MS : undefined;
  // `remaining` is rounded down and `reset` to a millisecond, so the period lies between two bounds.
  const missing = limit - remaining;
  const leastMs = ((resetMs - 1) * limit) / missing;
  const mostMs = missing > 1 ? ((resetMs + 1) * limit) / (missing - 1) : Number.POSITIVE_INFINITY;
  return [MINUTE_MS, DAY_MS].find(
    (ms) => ms >= leastMs * (1 - TOLERANCE) && ms <= mostMs * (1 + TOLERANCE),
  );
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,12}$/.test(text)) return undefined;
  return Number(text);
}
