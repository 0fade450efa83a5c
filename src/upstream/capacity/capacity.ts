import type { Clock } from '../../base/clock.ts';
import type { Balance, Claim, Ledger } from '../../ledger/ledger.ts';
import type { Records } from '../../ledger/records.ts';
import type { Departure, HeaderOf, Outlet, PlaceInRound } from '../queue/outlet.ts';
import type { CapacityLimit, GivenLimits } from './capacity-limits.ts';
import { type CapacityMode, type CapacityStatus, remainingOf } from './capacity-status.ts';
import { ClaimLists } from './claim-lists.ts';
import { retryAfterMs } from './header-times.ts';
import { type KnownAtStart, LearnedCapacity } from './learned-capacity.ts';
import { DAY_MS } from './limit-headers.ts';
import { type CallEndings, type LeftCall, OnItsWay } from './on-its-way.ts';
import { Pauses } from './pauses.ts';
import { SentLately } from './sent-lately.ts';
import { SlowStart } from './slow-start.ts';

/** What a capacity works with. */
export interface CapacityParts {
  readonly clock: Clock;
  readonly records: Records;
  /** Corrects the levels of the upstream's account. */
  readonly ledger: Pick<Ledger, 'reserve' | 'credit'>;
  /** From 0 to 1, for jitter. Default `Math.random`. */
  readonly random?: () => number;
  /** Called with an error of the store. The capacity goes on with what this process knows. */
  readonly onError: (error: unknown) => void;
  /** Called after limits were learned or forgotten, after a correction and after a change of the rate. */
  readonly onChange?: (status: CapacityStatus) => void;
}

/** Calls in one reserve, where no limit says how many. */
const ROUND_MAX = 1_000;
const NO_CLAIMS: readonly Claim[] = [];
const NO_LIMITS: readonly CapacityLimit[] = [];
const NOTHING_LATER = { requests: 0, upstreamTokens: 0 };
/** How much one more call counts in the mean of their tokens. */
const MEAN_SHARE = 0.02;
const SECOND_MS = 1_000;

/**
 * What one upstream can take now for one family of models. Calls take claims on its limits with the reserve that
 * holds their user's limits, so that all processes together stay below what the upstream allows. README.md says how.
 *
 * Limits are learned from the headers of answers; `given` ones hold until then, and as a ceiling after. While none
 * is known there is no claim. Until the ledger was compared with the headers of an answer once, at most 32 calls of
 * a process are on their way, and one more after each answer. An upstream that refuses and shows no limit that
 * explains it gets a rate of its own: 0.9 of it after a refusal, 10 % more for each minute in which calls wait.
 *
 * Tokens are held as they are estimated, and never settled at what was used, because the headers correct the ledger.
 * So a call that was refused needs no credit: the correction gives back what the upstream has not counted.
 */
export class Capacity implements Outlet {
  readonly id: string;
  readonly #parts: CapacityParts;
  /** `undefined` if the capacity is switched off. */
  readonly #learned: LearnedCapacity | undefined;
  readonly #pauses: Pauses;
  readonly #sent = new SentLately();
  readonly #slowStart = new SlowStart();
  readonly #listeners: (() => void)[] = [];
  readonly #isGiven: boolean;
  readonly #endings: CallEndings = {
    answered: (left, header) => this.#answered(left, header),
    refused: (left, status, header) => this.#refused(left, status, header),
    failed: () => this.#arrived(false),
  };
  #lists: ClaimLists;
  /** The limits that `#lists` is made of. */
  #listed = NO_LIMITS;
  #meanTokens = 0;
  #latest: KnownAtStart | undefined;

  /**
   * @param id `upstream:family`, the same in every process. The family is the model's name without its date.
   * @param given Limits that the operator knows; `false` switches the capacity off: it takes no claims and learns
   * nothing, and pauses after refusals only.
   */
  constructor(id: string, given: GivenLimits | false, parts: CapacityParts) {
    this.id = id;
    this.#parts = parts;
    this.#pauses = new Pauses(parts.random ?? Math.random);
    this.#isGiven = given !== false && (given.rpm !== undefined || given.tpm !== undefined);
    this.#lists = new ClaimLists(`upstream:${id}`, NO_LIMITS);
    if (given === false) return;
    const { clock, records, ledger, onError } = parts;
    const onChange = () => this.#changed();
    this.#learned = new LearnedCapacity(id, given, { clock, records, ledger, onError, onChange });
    this.#listed = this.#limits;
    this.#lists = new ClaimLists(`upstream:${id}`, this.#listed);
  }

  get opensAtMs(): number {
    if (this.#room === 0) return Number.POSITIVE_INFINITY;
    return this.#pauses.untilMs(this.#parts.clock.nowMs());
  }

  get gapMs(): number {
    let gapMs = 0;
    for (const limit of this.#limits) {
      if (this.#bindsNow(limit)) gapMs = Math.max(gapMs, this.#gapOf(limit));
    }
    return gapMs;
  }

  get roundMax(): number {
    // An upstream that shows no limit may count over as short a time as a round takes to leave.
    if (this.#mode === 'adaptive') return 1;
    const room = Math.max(1, this.#room);
    const { gapMs } = this;
    return gapMs === 0 ? room : Math.max(1, Math.min(room, Math.floor(SECOND_MS / gapMs)));
  }

  claimsFor(calls: number, tokens: number): readonly Claim[] {
    const mean = tokens / calls;
    this.#meanTokens += (mean - this.#meanTokens) * (this.#meanTokens === 0 ? 1 : MEAN_SHARE);
    return this.#limits.length === 0 ? NO_CLAIMS : this.#lists.for(calls, tokens);
  }

  /**
   * Returns the limit that a call of so many tokens is larger than, so that it can never be sent; `undefined` if
   * it fits.
   */
  tooLarge(
    tokens: number,
  ): { readonly limit: number; readonly unit: 'upstreamTokens' } | undefined {
    let least: number | undefined;
    for (const { unit, limit } of this.#limits) {
      if (unit === 'upstreamTokens' && limit < tokens) least = Math.min(limit, least ?? limit);
    }
    return least === undefined ? undefined : { limit: least, unit: 'upstreamTokens' };
  }

  leave(balances: readonly Balance[] | undefined, place?: PlaceInRound): Departure {
    const atMs = this.#parts.clock.nowMs();
    this.#slowStart.left();
    if (this.#learned === undefined) return new OnItsWay(this.#endings, { atMs });
    this.#sent.add(1, atMs);
    if (place !== undefined) this.#learned.grow();
    const { facts, limits } = this.#learned;
    const later = place && { requests: place.callsAfter, upstreamTokens: place.tokensAfter };
    const levels =
      balances?.length === limits.length && balances.length > 0
        ? { limits, balances, later: later ?? NOTHING_LATER }
        : undefined;
    const known = { atMs, facts, levels };
    if (levels !== undefined) this.#latest = known;
    return new OnItsWay(this.#endings, { atMs, known });
  }

  onOpen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Returns what is known at this moment. */
  status(): CapacityStatus {
    const nowMs = this.#parts.clock.nowMs();
    const pausedUntilMs = this.#pauses.untilMs(nowMs);
    return {
      id: this.id,
      mode: this.#mode,
      limits: this.#limits.map((limit) => this.#levelOf(limit)),
      pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : undefined,
      onTheWay: this.#slowStart.onTheWay,
      corrections: this.#learned?.facts.corrections ?? 0,
    };
  }

  /** Stops to follow the record of the other processes. */
  close(): void {
    this.#learned?.close();
  }

  get #limits(): readonly CapacityLimit[] {
    return this.#learned?.limits ?? NO_LIMITS;
  }

  /** How many more calls may be on their way. */
  get #room(): number {
    const isSlow = this.#learned?.isConfirmed === false && this.#mode !== 'adaptive';
    return isSlow ? this.#slowStart.room : ROUND_MAX;
  }

  get #mode(): CapacityMode {
    if (this.#learned === undefined) return 'off';
    if (this.#limits.some(({ isPaced }) => isPaced)) return 'adaptive';
    if (Object.keys(this.#learned.facts.limits).length > 0) return 'learned';
    return this.#isGiven ? 'given' : 'unknown';
  }

  /** A day's limit says how fast calls may leave only when it is nearly used up. */
  #bindsNow(limit: CapacityLimit): boolean {
    if (limit.periodMs < DAY_MS) return true;
    const remaining = this.#remainingOf(limit) ?? limit.limit;
    return remaining <= limit.limit - limit.owedMax;
  }

  #gapOf({ unit, limit, periodMs }: CapacityLimit): number {
    return ((unit === 'requests' ? 1 : this.#meanTokens) * periodMs) / limit;
  }

  #remainingOf(limit: CapacityLimit): number | undefined {
    const elapsedMs = this.#parts.clock.nowMs() - (this.#latest?.atMs ?? 0);
    return remainingOf(limit, this.#latest?.levels, elapsedMs);
  }

  #levelOf(limit: CapacityLimit): CapacityStatus['limits'][number] {
    const unit = limit.unit === 'requests' ? 'requests' : 'tokens';
    const { limit: amount, periodMs } = limit;
    return { unit, limit: amount, periodMs, remaining: this.#remainingOf(limit) };
  }

  #answered(left: LeftCall, header: HeaderOf): void {
    this.#pauses.answered(left.atMs);
    if (left.known !== undefined) this.#learned?.answered(left.known, header);
    this.#arrived(true);
  }

  #refused(left: LeftCall, status: number, header: HeaderOf): void {
    const nowMs = this.#parts.clock.nowMs();
    const hintMs = retryAfterMs(header, nowMs);
    this.#pauses.refused({ leftAtMs: left.atMs, status, hintMs, nowMs });
    if (left.known !== undefined) {
      this.#sent.add(-1, nowMs);
      if (status === 429) this.#learned?.refused(left.known, header, this.#sent.total(nowMs));
    }
    this.#arrived(false);
  }

  /** A call is no longer on its way. */
  #arrived(isAnswered: boolean): void {
    const wasFull = this.#room === 0;
    if (isAnswered) this.#slowStart.answered();
    else this.#slowStart.ended();
    if (wasFull) this.#tell();
  }

  #changed(): void {
    if (this.#listed !== this.#limits) {
      this.#listed = this.#limits;
      this.#lists = new ClaimLists(`upstream:${this.id}`, this.#listed);
    }
    this.#tell();
    this.#parts.onChange?.(this.status());
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
