import type { Clock } from '../../base/clock.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Records } from '../../ledger/records.ts';
import {
  bindingLimits,
  bucketsOf,
  type CapacityLimit,
  type GivenLimits,
  isSame,
  type LearnedLimits,
  learnedFrom,
  withoutBuckets,
} from './capacity-limits.ts';
import { type CapacityFacts, CapacityRecord } from './capacity-record.ts';
import {
  correct,
  type Drift,
  driftsOf,
  firstDrifts,
  isLarge,
  type LevelsAtStart,
} from './drift.ts';
import type { LimitBucket, SeenLimit } from './limit-headers.ts';
import { cutRate, firstRate, grownRate } from './paced-rate.ts';

/** What was known when a call left. */
export interface KnownAtStart {
  readonly atMs: number;
  readonly facts: CapacityFacts;
  /** `undefined` if its reserve had no claims of the upstream. */
  readonly levels: LevelsAtStart | undefined;
}

interface LearnedCapacityParts {
  readonly clock: Clock;
  readonly records: Records;
  readonly ledger: Pick<Ledger, 'reserve' | 'credit'>;
  readonly onError: (error: unknown) => void;
  /** Called after the limits or what is known of them have changed. */
  readonly onChange: () => void;
}

/**
 * A reserve may have been answered before a correction and its call leave after it. So calls that leave within
 * this time after one make no other. It is longer than a store may take for one verb.
 */
const SETTLING_MS = 500;
/** A bucket that no answer has shown for so long is forgotten: the upstream no longer has it. */
const FORGOTTEN_MS = 3_600_000;

/**
 * The limits of one upstream and one family of models, learned from its answers, shared by all processes by one
 * record. At most one correction of the ledger for each round trip over all processes: the record counts them,
 * and a call that left before the latest one cannot make another. (Each process correcting by itself oscillates.)
 */
export class LearnedCapacity {
  readonly #account: string;
  readonly #given: GivenLimits;
  readonly #parts: LearnedCapacityParts;
  readonly #record: CapacityRecord;
  readonly #shownAtMs = new Map<LimitBucket, number>();
  #limits: readonly CapacityLimit[];
  #settledAtMs = 0;
  #rateSinceMs: number;

  constructor(id: string, given: GivenLimits, parts: LearnedCapacityParts) {
    this.#account = `upstream:${id}`;
    this.#given = given;
    this.#parts = parts;
    this.#limits = bindingLimits({}, given);
    this.#rateSinceMs = parts.clock.nowMs();
    this.#record = new CapacityRecord({
      key: `capacity:${id}`,
      records: parts.records,
      nowMs: () => parts.clock.nowMs(),
      onError: parts.onError,
      onChange: (before) => this.#changed(before),
    });
  }

  /** The limits that bind, in the order of their claims. The same list until they change. */
  get limits(): readonly CapacityLimit[] {
    return this.#limits;
  }

  get facts(): CapacityFacts {
    return this.#record.facts;
  }

  /**
   * Learns from an answer, and corrects the ledger by it. Returns whether what it shows explains that the call
   * was refused.
   */
  read(left: KnownAtStart, seen: readonly SeenLimit[], isRefused: boolean): boolean {
    const { facts } = this.#record;
    const learned = this.#learnedBy(seen, facts.limits);
    const binding = bindingLimits(learned, this.#given, facts.rate?.perMinute);
    const drifts = this.#driftsOf(left, seen, binding);
    const canTell = left.levels !== undefined && this.#mayCorrect(left);
    const explains = seen.length > 0 && (!canTell || drifts.some(isLarge));
    // A refusal says exactly how it is, so its drift counts whatever its size.
    const counted = isRefused ? drifts : drifts.filter(isLarge);
    if (counted.length > 0 || !isSame(learned, facts.limits)) this.#write(learned, counted);
    return explains;
  }

  /** A call was refused, and no limit that is known explains it. `lastMinute`: what this process sent in it. */
  cut({ facts: { rate: leftAt } }: KnownAtStart, lastMinute: number): void {
    const { facts, isBusy } = this.#record;
    if (isBusy || leftAt?.cuts !== facts.rate?.cuts) return;
    const known = this.#limits.find(({ key }) => key === 'rpm')?.limit;
    const first =
      known === undefined ? firstRate(lastMinute) : { ...firstRate(known), isSearching: false };
    const rate = facts.rate && leftAt ? cutRate(facts.rate, leftAt) : first;
    void this.#record.write({ ...facts, rate });
  }

  /** A call that waited has left: the rate that refusals have taught may grow. */
  grow(): void {
    const { facts, isBusy } = this.#record;
    if (facts.rate === undefined || isBusy || !this.#limits.some(({ isPaced }) => isPaced)) return;
    const rate = grownRate(facts.rate, this.#parts.clock.nowMs() - this.#rateSinceMs);
    if (rate !== undefined) void this.#record.write({ ...facts, rate });
  }

  close(): void {
    this.#record.close();
  }

  #learnedBy(seen: readonly SeenLimit[], known: LearnedLimits): LearnedLimits {
    const nowMs = this.#parts.clock.nowMs();
    for (const { bucket } of seen) this.#shownAtMs.set(bucket, nowMs);
    const gone = [...bucketsOf(known)].filter((bucket) => {
      const shownAtMs = this.#shownAtMs.get(bucket);
      if (shownAtMs === undefined) this.#shownAtMs.set(bucket, nowMs);
      return shownAtMs !== undefined && nowMs - shownAtMs > FORGOTTEN_MS;
    });
    const learned = learnedFrom(seen, known);
    return gone.length === 0 ? learned : withoutBuckets(learned, new Set(gone));
  }

  #driftsOf(
    left: KnownAtStart,
    seen: readonly SeenLimit[],
    binding: readonly CapacityLimit[],
  ): Drift[] {
    const known = this.#record.facts.limits;
    const first = firstDrifts(seen, known, binding, this.#limits);
    if (left.levels === undefined || !this.#mayCorrect(left)) return first;
    return [...first, ...driftsOf(seen, known, binding, left.levels)];
  }

  #mayCorrect({ atMs, facts }: KnownAtStart): boolean {
    return facts.corrections === this.#record.facts.corrections && atMs >= this.#settledAtMs;
  }

  #write(limits: LearnedLimits, drifts: readonly Drift[]): void {
    const { facts, isBusy } = this.#record;
    if (isBusy) return;
    const corrections = facts.corrections + (drifts.length > 0 ? 1 : 0);
    void this.#record.write({ ...facts, limits, corrections }, async () => {
      await Promise.all(drifts.map((drift) => correct(this.#parts.ledger, this.#account, drift)));
    });
  }

  #changed(before: CapacityFacts): void {
    const { limits, rate, corrections } = this.#record.facts;
    const nowMs = this.#parts.clock.nowMs();
    const binding = bindingLimits(limits, this.#given, rate?.perMinute);
    const isOther = JSON.stringify(binding) !== JSON.stringify(this.#limits);
    const hadClaims = this.#limits.length > 0;
    if (isOther) this.#limits = binding;
    if (hadClaims && (isOther || corrections !== before.corrections)) {
      this.#settledAtMs = nowMs + SETTLING_MS;
    }
    if (rate?.perMinute !== before.rate?.perMinute) this.#rateSinceMs = nowMs;
    this.#parts.onChange();
  }
}
