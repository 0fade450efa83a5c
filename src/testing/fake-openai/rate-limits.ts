import { type Clock, systemClock } from '../../base/clock.ts';
import type { FakeJson } from './json.ts';
import { RateBucket } from './rate-bucket.ts';
import { hintHeaders, limitHeaders, overLimit, type Taken, tooLarge } from './rate-replies.ts';
import type { Reply } from './script.ts';
import { tokensCharged } from './tokens-charged.ts';

/** The limits of a fake, as OpenAI has them: buckets that refill continuously, for each model family. */
export interface FakeRateLimitOptions {
  /** Requests in each period. Refused requests count too. Default 10,000,000. */
  readonly requests?: number;
  /** Tokens in each period: characters ÷ 4, and the output cap for each choice. Default 10,000,000,000. */
  readonly tokens?: number;
  /** The same for the project. All model families share it. Default none. */
  readonly projectTokens?: number;
  /** The time in which an empty bucket is full again. Default 60,000 ms. */
  readonly periodMs?: number;
  /** The time whose refill a bucket holds at once. Default the whole period. */
  readonly burstMs?: number;
  /** `false` sends no `x-ratelimit-*` and no `retry-after`, as many hosts do. Default true. */
  readonly headers?: boolean;
  /** `false` counts all models in the same buckets. Default true: each family has its own. */
  readonly perFamily?: boolean;
  /** What tells the time. Default the clock of the machine. */
  readonly clock?: Clock;
}

/** How much of a limit is taken, from 0 to 1. */
export interface FakeRateLevels {
  /** Requests. */
  readonly requests: number;
  /** Tokens, as the fake estimates them. */
  readonly tokens: number;
}

/** The limits of a running fake. */
export interface FakeRateLimits {
  /** Requests that fitted in every limit. */
  readonly accepted: number;
  /** Requests that were refused with 429 until later. */
  readonly refused: number;
  /** Requests that were refused with 429 because they are larger than the limit itself. */
  readonly tooLarge: number;
  /** The largest part of any limit that was ever taken, from 0 to 1. */
  readonly usedMax: number;
  /** What is taken now, by model family. */
  levels(): Readonly<Record<string, FakeRateLevels>>;
  /** Others with the same key take this part of every limit from now on, from 0 to 1. */
  foreign(share: number): void;
  /** Makes every limit as used as this. It also applies to families that come later. */
  drain(levels: FakeRateLevels): void;
}

/** What became of a request: the headers of its answer, and the answer itself if it does not fit. */
export interface RateVerdict {
  readonly headers: readonly string[];
  readonly refusal?: Reply;
}

type FamilyBuckets = { readonly requests: RateBucket; readonly tokens: RateBucket };

const DEFAULTS = {
  requests: 10_000_000,
  tokens: 10_000_000_000,
  periodMs: 60_000,
  headers: true,
  perFamily: true,
  clock: systemClock,
};

/** Counts requests as OpenAI does, and refuses those that do not fit. */
export class RateLimits implements FakeRateLimits {
  accepted = 0;
  refused = 0;
  tooLarge = 0;
  readonly #options: typeof DEFAULTS & FakeRateLimitOptions;
  readonly #families = new Map<string, FamilyBuckets>();
  #project: RateBucket | undefined;
  #drained: FakeRateLevels = { requests: 0, tokens: 0 };
  #foreign = 0;

  constructor(options: FakeRateLimitOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#project = this.#newProject();
  }

  get usedMax(): number {
    return Math.max(0, ...this.#all().map(({ usedMax }) => usedMax));
  }

  /** Counts one request of an endpoint that generates. */
  admit(model: string, body: FakeJson): RateVerdict {
    const nowMs = this.#options.clock.nowMs();
    const family = this.#options.perFamily ? familyOf(model) : 'all models';
    const verdict = this.#decide(
      this.#takenFrom(family, tokensCharged(body)),
      model,
      family,
      nowMs,
    );
    return this.#options.headers ? verdict : withoutHeaders(verdict);
  }

  levels(): Record<string, FakeRateLevels> {
    const nowMs = this.#options.clock.nowMs();
    const level = (bucket: RateBucket) => bucket.usedAt(nowMs) / bucket.limit;
    const levels = [...this.#families].map(([family, { requests, tokens }]) => {
      return [family, { requests: level(requests), tokens: level(tokens) }] as const;
    });
    return Object.fromEntries(levels);
  }

  foreign(share: number): void {
    this.#foreign = share;
    for (const bucket of this.#all()) bucket.foreign(share, this.#options.clock.nowMs());
  }

  drain(levels: FakeRateLevels): void {
    this.#drained = levels;
    this.#project = this.#newProject();
    for (const family of this.#families.keys()) this.#families.set(family, this.#newFamily());
  }

  #decide(taken: readonly Taken[], model: string, family: string, nowMs: number): RateVerdict {
    const limit = { model, family, periodMs: this.#options.periodMs };
    const never = taken.find(({ bucket, amount }) => !bucket.everFits(amount));
    const waits = taken.map(({ bucket, amount }) => bucket.fitsInMs(amount, nowMs));
    const waitMs = Math.max(...waits);
    const isRefused = never !== undefined || waitMs > 0;
    for (const { kind, bucket, amount } of taken) {
      const fits = bucket.fitsInMs(amount, nowMs) === 0;
      if (fits && (kind === 'requests' || !isRefused)) bucket.take(amount, nowMs);
    }
    const headers = taken.flatMap((each) => limitHeaders(each, nowMs));
    this.#count(never !== undefined, isRefused);
    if (never) return { headers, refusal: tooLarge(never, limit) };
    const full = taken[waits.indexOf(waitMs)];
    if (!full || waitMs === 0) return { headers };
    const refusal = overLimit(full, limit, waitMs, nowMs);
    return { headers: [...headers, ...hintHeaders(waitMs)], refusal };
  }

  #count(isTooLarge: boolean, isRefused: boolean): void {
    if (isTooLarge) this.tooLarge++;
    else if (isRefused) this.refused++;
    else this.accepted++;
  }

  #takenFrom(family: string, amount: number): Taken[] {
    const { requests, tokens } = this.#bucketsOf(family);
    const taken: Taken[] = [
      { kind: 'requests', bucket: requests, amount: 1 },
      { kind: 'tokens', bucket: tokens, amount },
    ];
    if (this.#project) taken.push({ kind: 'project-tokens', bucket: this.#project, amount });
    return taken;
  }

  #bucketsOf(family: string): FamilyBuckets {
    const known = this.#families.get(family);
    if (known) return known;
    const made = this.#newFamily();
    this.#families.set(family, made);
    return made;
  }

  #newFamily(): FamilyBuckets {
    const { requests, tokens } = this.#options;
    return {
      requests: this.#bucket(requests, this.#drained.requests),
      tokens: this.#bucket(tokens, this.#drained.tokens),
    };
  }

  #newProject(): RateBucket | undefined {
    const { projectTokens } = this.#options;
    return projectTokens === undefined
      ? undefined
      : this.#bucket(projectTokens, this.#drained.tokens);
  }

  #bucket(limit: number, used: number): RateBucket {
    const { periodMs, burstMs = periodMs, clock } = this.#options;
    const nowMs = clock.nowMs();
    const bucket = new RateBucket(limit, { periodMs, burstMs }, { nowMs, used });
    bucket.foreign(this.#foreign, nowMs);
    return bucket;
  }

  #all(): RateBucket[] {
    const own = [...this.#families.values()].flatMap(({ requests, tokens }) => [requests, tokens]);
    return this.#project ? [...own, this.#project] : own;
  }
}

/** The headers of an account so large that nothing of it is ever taken. */
export const UNLIMITED: readonly string[] = [
  'x-ratelimit-limit-requests',
  `${DEFAULTS.requests}`,
  'x-ratelimit-limit-tokens',
  `${DEFAULTS.tokens}`,
  'x-ratelimit-remaining-requests',
  `${DEFAULTS.requests}`,
  'x-ratelimit-remaining-tokens',
  `${DEFAULTS.tokens}`,
  'x-ratelimit-reset-requests',
  '0s',
  'x-ratelimit-reset-tokens',
  '0s',
];

function withoutHeaders({ refusal }: RateVerdict): RateVerdict {
  return refusal ? { headers: [], refusal } : { headers: [] };
}

/** The name of a model without its date: its versions share their limits. */
const familyOf = (model: string): string => model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '');
