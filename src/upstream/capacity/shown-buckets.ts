import { bucketsOf, type LearnedLimits, learnedFrom, withoutBuckets } from './capacity-limits.ts';
import type { LimitBucket, SeenLimit } from './limit-headers.ts';

/** A bucket that no answer has shown for so long is forgotten: the upstream no longer has it. */
const FORGOTTEN_MS = 3_600_000;

/** Which buckets the answers of this process have shown lately. */
export class ShownBuckets {
  readonly #atMs = new Map<LimitBucket, number>();

  /** Returns what is known after an answer. */
  learnedBy(seen: readonly SeenLimit[], known: LearnedLimits, nowMs: number): LearnedLimits {
    for (const { bucket } of seen) this.#atMs.set(bucket, nowMs);
    const learned = learnedFrom(seen, known);
    const gone = [...bucketsOf(known)].filter((bucket) => this.#isGone(bucket, nowMs));
    return gone.length === 0 ? learned : withoutBuckets(learned, new Set(gone));
  }

  #isGone(bucket: LimitBucket, nowMs: number): boolean {
    const atMs = this.#atMs.get(bucket);
    // Another process has learned it, at most now.
    if (atMs === undefined) this.#atMs.set(bucket, nowMs);
    return atMs !== undefined && nowMs - atMs > FORGOTTEN_MS;
  }
}
