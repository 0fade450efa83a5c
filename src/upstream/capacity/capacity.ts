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
import { Pauses } from './pauses.ts';
import { SentLately } from './sent-lately.ts';

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

/** How many calls of a process are on their way at most before anything is known of the limits. */
const FIRST_WINDOW = 32;
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
 * holds their user's limits, so that all processes together stay below what the upstream allows.
 *
 * The limits are learned from the answers' headers; `given` ones hold until then, and as a ceiling after. As long as
 * nothing is known there is no claim, and at most 32 calls of a process are on their way: each answer that shows
 * no limit lets one more leave, as TCP's slow start does. An upstream that refuses and shows no limit gets a rate
 * of its own: 0.9 of the rate at each refusal, 10 % more for each minute in which calls wait.
 *
 * Tokens are held as they are estimated, and never settled at what was used: what the upstream's headers say is
 * the truth, and corrects the ledger. So a call that was refused needs no credit: its correction gives back what
 * the upstream has not counted.
 */
export class Capacity implements Outlet {
  readonly id: string;
  readonly #parts: CapacityParts;
  /** `undefined` if the capacity is switched off. */
  readonly #learned: LearnedCapacity | undefined;
  readonly #pauses: Pauses;
  readonly #sent = new SentLately();
  readonly #listeners: (() => void)[] = [];
  readonly #isGiven: boolean;
  readonly #endings: Endings = {
    answered: (left, header) => this.#answered(left, header),
    refused: (left, status, header) => this.#refused(left, status, header),
    failed: () => this.#arrived(),
  };
  #lists: ClaimLists;
  /** The limits that `#lists` is made of. */
  #listed = NO_LIMITS;
  #onTheWay = 0;
  #window = FIRST_WINDOW;
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
    return this.#room > 0 ? this.#pauses.untilMs : Number.POSITIVE_INFINITY;
  }

  get gapMs(): number {
    let gapMs = 0;
    for (const limit of this.#limits) {
      if (this.#bindsNow(limit)) gapMs = Math.max(gapMs, this.#gapOf(limit));
    }
    return gapMs;
  }

  get roundMax(): number {
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
    this.#onTheWay += 1;
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
    const pausedUntilMs = this.#pauses.untilMs;
    return {
      id: this.id,
      mode: this.#mode,
      limits: this.#limits.map((limit) => this.#levelOf(limit)),
      pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : undefined,
      onTheWay: this.#onTheWay,
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
    return isSlow ? Math.max(0, this.#window - this.#onTheWay) : ROUND_MAX;
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

  #answered(left: Left, header: HeaderOf): void {
    this.#pauses.answered(left.atMs);
    if (left.known !== undefined) this.#learned?.answered(left.known, header);
    this.#arrived(1);
  }

  #refused(left: Left, status: number, header: HeaderOf): void {
    const nowMs = this.#parts.clock.nowMs();
    const hintMs = retryAfterMs(header, nowMs);
    this.#pauses.refused({ leftAtMs: left.atMs, status, hintMs, nowMs });
    if (left.known !== undefined) {
      this.#sent.add(-1, nowMs);
      if (status === 429) this.#learned?.refused(left.known, header, this.#sent.total(nowMs));
    }
    this.#arrived();
  }

  /** A call is no longer on its way. An answer widens the slow start. */
  #arrived(widensBy = 0): void {
    const wasFull = this.#room === 0;
    this.#onTheWay -= 1;
    this.#window += widensBy;
    if (wasFull) this.#tell();
  }

  #changed(): void {
    if (this.#listed !== this.#limits)
      this.#lists = new ClaimLists(`upstream:${this.id}`, this.#limits);
    this.#listed = this.#limits;
    this.#tell();
    this.#parts.onChange?.(this.status());
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A call on its way, and what was known when it left; nothing if the capacity is off. */
interface Left {
  readonly atMs: number;
  readonly known?: KnownAtStart;
}

interface Endings {
  answered(left: Left, header: HeaderOf): void;
  refused(left: Left, status: number, header: HeaderOf): void;
  failed(): void;
}

class OnItsWay implements Departure {
  readonly #endings: Endings;
  readonly #left: Left;

  constructor(endings: Endings, left: Left) {
    this.#endings = endings;
    this.#left = left;
  }

  answered(header: HeaderOf): void {
    this.#endings.answered(this.#left, header);
  }

  refused(status: number, header: HeaderOf): void {
    this.#endings.refused(this.#left, status, header);
  }

  failed(): void {
    this.#endings.failed();
  }
}
