import { DAY_MS, type LimitBucket, MINUTE_MS, type SeenLimit } from './limit-headers.ts';

/** The rules that an upstream's account may have. A rule of a minute and one of a day count apart. */
export const LIMIT_KEYS = ['rpm', 'rpd', 'tpm', 'tpd', 'project-tpm', 'project-tpd'] as const;

export type LimitKey = (typeof LIMIT_KEYS)[number];

/** The limit of each key that an upstream has shown. */
export type LearnedLimits = Readonly<Partial<Record<LimitKey, number>>>;

/** What the operator says of an upstream: requests and tokens a minute. */
export interface GivenLimits {
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
}

/** One rate rule of an upstream's account, without the burst, which depends on the call. */
export interface CapacityLimit {
  readonly key: LimitKey;
  readonly unit: 'requests' | 'upstreamTokens';
  readonly limit: number;
  readonly periodMs: number;
  /** What may be owed when a call is let through, at most. */
  readonly owedMax: number;
  /**
   * Whether the upstream itself counts to this limit. Otherwise the operator has set it, and what the upstream
   * has left can only lower what is free here.
   */
  readonly isShown: boolean;
  /** Whether it is a rate that refusals have taught. */
  readonly isPaced: boolean;
}

const BUCKET_OF: Readonly<Record<LimitKey, LimitBucket>> = {
  rpm: 'requests',
  rpd: 'requests',
  tpm: 'tokens',
  tpd: 'tokens',
  'project-tpm': 'project-tokens',
  'project-tpd': 'project-tokens',
};
const KEYS_OF: Readonly<Record<LimitBucket, readonly [minute: LimitKey, day: LimitKey]>> = {
  requests: ['rpm', 'rpd'],
  tokens: ['tpm', 'tpd'],
  'project-tokens': ['project-tpm', 'project-tpd'],
};

export const periodOf = (key: LimitKey): number => (key.endsWith('d') ? DAY_MS : MINUTE_MS);

/**
 * Returns which key a reading belongs to. Where the answer does not show the period, it is the one that is known
 * of the same limit, or a minute.
 */
export function keyOf({ bucket, limit, periodMs }: SeenLimit, known: LearnedLimits): LimitKey {
  const [minute, day] = KEYS_OF[bucket];
  if (periodMs === DAY_MS) return day;
  return periodMs === undefined && known[day] === limit ? day : minute;
}

/** Returns what is known after an answer. An answer that shows a bucket shows all limits of it. */
export function learnedFrom(seen: readonly SeenLimit[], known: LearnedLimits): LearnedLimits {
  const buckets = new Set(seen.map(({ bucket }) => bucket));
  const others = LIMIT_KEYS.filter((key) => !buckets.has(BUCKET_OF[key]));
  const learned: Partial<Record<LimitKey, number>> = {};
  for (const key of others) if (known[key] !== undefined) learned[key] = known[key];
  for (const reading of seen) learned[keyOf(reading, known)] = reading.limit;
  return learned;
}

/** Returns what is known without the buckets that have not been shown for long. */
export function withoutBuckets(
  known: LearnedLimits,
  gone: ReadonlySet<LimitBucket>,
): LearnedLimits {
  const kept = LIMIT_KEYS.filter((key) => known[key] !== undefined && !gone.has(BUCKET_OF[key]));
  return Object.fromEntries(kept.map((key) => [key, known[key]]));
}

export const bucketsOf = (known: LearnedLimits): ReadonlySet<LimitBucket> =>
  new Set(LIMIT_KEYS.filter((key) => known[key] !== undefined).map((key) => BUCKET_OF[key]));

export const isSame = (one: LearnedLimits, other: LearnedLimits): boolean =>
  LIMIT_KEYS.every((key) => one[key] === other[key]);

/** Kept back at the bottom of the bucket, for jitter on the way and for others who use the same key. */
const RESERVED = 0.1;

/**
 * Returns the limits that bind, in the order of their claims: what was shown, with the operator's `given` as a
 * ceiling. Requests are paced where refusals have taught a rate. A project's tokens are a claim of their own, so
 * that the tighter of both binds at each instant. They are left out where they cannot: a project uses no more than
 * its account, so a limit at least as large as the account's never binds first.
 */
export function bindingLimits(
  learned: LearnedLimits,
  given: GivenLimits,
  perMinute?: number,
): readonly CapacityLimit[] {
  const limits: CapacityLimit[] = [];
  for (const key of LIMIT_KEYS) {
    if (isNeedless(key, learned)) continue;
    const shown = learned[key] ?? Infinity;
    const ceiling = (key === 'rpm' || key === 'tpm' ? given[key] : undefined) ?? Infinity;
    const limit = Math.min(shown, ceiling);
    if (key === 'rpm' && perMinute !== undefined)
      limits.push(pacedLimit(Math.min(limit, perMinute)));
    else if (limit < Infinity) limits.push(bucketLimit(key, limit, shown <= ceiling));
  }
  return limits;
}

function bucketLimit(key: LimitKey, limit: number, isShown: boolean): CapacityLimit {
  const unit = BUCKET_OF[key] === 'requests' ? 'requests' : 'upstreamTokens';
  const owedMax = limit * (1 - RESERVED);
  return { key, unit, limit, periodMs: periodOf(key), owedMax, isShown, isPaced: false };
}

function isNeedless(key: LimitKey, learned: LearnedLimits): boolean {
  const project = learned[key];
  if (BUCKET_OF[key] !== 'project-tokens' || project === undefined) return false;
  const account = learned[key === 'project-tpm' ? 'tpm' : 'tpd'];
  return account !== undefined && account <= project;
}

/** A rate has ten minutes as its period, so that slow ones can grow by less than a request a minute. */
const PACED_MINUTES = 10;
const PACED_BURST_MINUTES = 2 / 60;

/** Two seconds of the rate at once, because the upstream may count over as short a time. */
function pacedLimit(perMinute: number): CapacityLimit {
  return {
    key: 'rpm',
    unit: 'requests',
    limit: Math.max(1, Math.round(perMinute * PACED_MINUTES)),
    periodMs: PACED_MINUTES * MINUTE_MS,
    owedMax: Math.max(0, perMinute * PACED_BURST_MINUTES - 1),
    isShown: false,
    isPaced: true,
  };
}
