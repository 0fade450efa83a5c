import type { Clock } from '../../base/clock.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Records } from '../../ledger/records.ts';
import type { HeaderOf } from '../queue/outlet.ts';
import { bindingLimits, type CapacityLimit, type GivenLimits, isSame } from './capacity-limits.ts';
import { type CapacityFacts, CapacityRecord } from './capacity-record.ts';
import {
  correct,
  type Drift,
  driftsOf,
  firstDrifts,
  isLarge,
  type LevelsAtStart,
} from './drift.ts';
import { Glance } from './glance.ts';
import { readLimits, type SeenLimit } from './limit-headers.ts';
import { cutRate, firstRate, grownRate, type PacedRate } from './paced-rate.ts';
import { ShownBuckets } from './shown-buckets.ts';

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
/** One refusal while few calls come says little of the limit. */
const FIRST_PER_MINUTE_MIN = 60;
/** How long requests are paced after the latest refusal that no known limit explains, beside a known limit. */
const RATE_KEPT_MS = 86_400_000;

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
  readonly #shown = new ShownBuckets();
  readonly #glance = new Glance();
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
   * Whether the ledger's levels were compared with the upstream's at least once. Before, calls that are on their
   * way may not be counted.
   */
  get isConfirmed(): boolean {
    return this.#record.facts.corrections > 0;
  }

  /** Learns from an answer, and corrects the ledger by it. */
  answered(left: KnownAtStart, header: HeaderOf): void {
    const levels = this.#mayCorrect(left) ? left.levels : undefined;
    const isKnown = this.#glance.isKnown(header, levels, this.#parts.clock.nowMs());
    const isEnough = this.isConfirmed || this.#glance.isEmpty;
    if (!isKnown || !isEnough) this.#read(left, readLimits(header), false);
  }

  /** The same for a refusal for the rate. `lastMinute`: how many calls this process sent in it. */
  refused(left: KnownAtStart, header: HeaderOf, lastMinute: number): void {
    const seen = readLimits(header);
    const isExplained = seen.some(isUsedUp);
    if (!isExplained) this.#cut(left, lastMinute);
    this.#read(left, seen, isExplained);
  }

  /** A call that waited has left: the rate that refusals have taught may grow, up to the limit that is known. */
  grow(): void {
    const { facts, isBusy } = this.#record;
    if (facts.rate === undefined || isBusy) return;
    const nowMs = this.#parts.clock.nowMs();
    if (facts.rate.perMinute < (this.#knownPerMinute ?? Infinity)) {
      const rate = grownRate(facts.rate, nowMs - this.#rateSinceMs);
      if (rate !== undefined) this.#write({ ...facts, rate });
    } else if (nowMs - facts.rate.cutAtMs > RATE_KEPT_MS) {
      this.#write({ ...facts, rate: undefined });
    }
  }

  close(): void {
    this.#record.close();
  }

  #read(left: KnownAtStart, seen: readonly SeenLimit[], isRefused: boolean): void {
    const { facts } = this.#record;
    const nowMs = this.#parts.clock.nowMs();
    const limits = this.#shown.learnedBy(seen, facts.limits, nowMs);
    const binding = bindingLimits(limits, this.#given, facts.rate?.perMinute);
    const mayCorrect = seen.length > 0 && this.#mayCorrect(left);
    const drifts = mayCorrect ? driftsOf(seen, facts.limits, binding, left.levels) : [];
    // A refusal says exactly how it is, so its drift counts whatever its size.
    const counted =
      isRefused || !this.isConfirmed
        ? drifts
        : drifts.filter(({ limit, amount }) => isLarge(limit, amount));
    const isCorrection = mayCorrect && (counted.length > 0 || !this.isConfirmed);
    if (!isCorrection && isSame(limits, facts.limits)) {
      this.#glance.keep(seen, limits, this.#limits, nowMs);
      return;
    }
    const first = firstDrifts(seen, facts.limits, binding, this.#limits);
    const corrections = facts.corrections + (isCorrection ? 1 : 0);
    this.#write({ ...facts, limits, corrections }, [...first, ...counted]);
  }

  /** A call was refused, and no limit that the upstream shows explains it. */
  #cut({ facts: { rate: leftAt } }: KnownAtStart, lastMinute: number): void {
    const { facts } = this.#record;
    if (leftAt?.cuts !== facts.rate?.cuts) return;
    const nowMs = this.#parts.clock.nowMs();
    const rate =
      facts.rate === undefined || leftAt === undefined
        ? this.#firstRate(lastMinute, nowMs)
        : cutRate(facts.rate, leftAt.perMinute, nowMs);
    // The new rate begins without a burst. A pause would save one that the upstream has no room for.
    const paced = bindingLimits(facts.limits, this.#given, rate.perMinute).filter((l) => l.isPaced);
    const bursts = paced.map((limit) => ({ limit, amount: Math.ceil(limit.owedMax) + 1 }));
    this.#write({ ...facts, rate }, bursts);
  }

  /** A limit of a minute that is known is nearly right, so nothing has to be searched. */
  #firstRate(lastMinute: number, nowMs: number): PacedRate {
    const known = this.#knownPerMinute;
    return known === undefined
      ? firstRate(Math.max(lastMinute, FIRST_PER_MINUTE_MIN), nowMs)
      : { ...firstRate(known, nowMs), isSearching: false };
  }

  get #knownPerMinute(): number | undefined {
    const known = Math.min(this.facts.limits.rpm ?? Infinity, this.#given.rpm ?? Infinity);
    return known === Infinity ? undefined : known;
  }

  #mayCorrect(left: KnownAtStart): left is KnownAtStart & { readonly levels: LevelsAtStart } {
    const isCurrent = left.facts.corrections === this.facts.corrections;
    return left.levels !== undefined && isCurrent && !this.#isSettling(left.atMs);
  }

  /** The clock may have been set back: then an instant too far ahead is no deadline. */
  #isSettling(atMs: number): boolean {
    const leftMs = this.#settledAtMs - atMs;
    return leftMs > 0 && leftMs <= SETTLING_MS;
  }

  #write(facts: CapacityFacts, drifts: readonly Drift[] = []): void {
    if (this.#record.isBusy) return;
    void this.#record.write(facts, async () => {
      await Promise.all(drifts.map((drift) => correct(this.#parts.ledger, this.#account, drift)));
    });
  }

  #changed(before: CapacityFacts): void {
    const { limits, rate, corrections } = this.#record.facts;
    const nowMs = this.#parts.clock.nowMs();
    const binding = bindingLimits(limits, this.#given, rate?.perMinute);
    const isOther = JSON.stringify(binding) !== JSON.stringify(this.#limits);
    // Another process shows the first limits before it has corrected the ledger by them.
    const isFirst = this.#limits.length === 0 && this.#record.isBusy;
    if (isOther) this.#limits = binding;
    if ((isOther && !isFirst) || corrections !== before.corrections) {
      this.#settledAtMs = nowMs + SETTLING_MS;
    }
    this.#glance.forget();
    if (rate?.perMinute !== before.rate?.perMinute) this.#rateSinceMs = nowMs;
    this.#parts.onChange();
  }
}

/** Whether this limit may be why a call was refused: no request is left, or tokens that a large call needs. */
function isUsedUp({ bucket, limit, remaining }: SeenLimit): boolean {
  return bucket === 'requests' ? remaining < 2 : remaining < limit / 2;
}
