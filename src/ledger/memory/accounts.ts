import { LedgerError } from '../../errors.ts';
import type { Amounts, Balance, Claim, Unit } from '../ledger.ts';
import {
  BUCKETS_FROM,
  blankRow,
  COUNTERS_FROM,
  IDLE_FROM_MS,
  LAYOUT_ID,
  NO_LAYOUT,
  numberAt,
} from './counter.ts';
import { counterFor } from './counter-for.ts';
import { slotFor } from './layouts.ts';
import { addHeld, balancesOf, chargedOf, type Phase, type Share } from './share.ts';
import { OVERFLOW, Subjects } from './subjects.ts';

const BLANK_WIDTH = 8;

/** What every subject has used and holds: the arithmetic of the verbs, without their ids and leases. */
export class Accounts {
  readonly #subjects: Subjects;
  /** Stands for a subject that counts nothing yet; never written. */
  readonly #blank = blankRow(BLANK_WIDTH);

  constructor(maxSubjects: number) {
    this.#subjects = new Subjects(maxSubjects);
    this.#blank[LAYOUT_ID] = NO_LAYOUT;
    this.#blank[BUCKETS_FROM] = BLANK_WIDTH;
  }

  /** Finds out where each claim counts; changes nothing. Good until the end of the same verb. */
  sharesOf(claims: readonly Claim[], costs: Amounts): Share[] {
    const shares: Share[] = [];
    for (const claim of claims) shares.push(this.#shareOf(claim, amountIn(costs, claim.rule.unit)));
    return shares;
  }

  read(claims: readonly Claim[], nowMs: number): readonly Balance[] {
    const shares = claims.map((claim) => this.#shareOf(claim, 0));
    return balancesOf(shares, nowMs);
  }

  take(shares: readonly Share[], nowMs: number): void {
    for (const share of shares) {
      this.#locate(share, shares, nowMs);
      const { counter, cost } = share;
      share.window = counter.open(share.row, share.at, nowMs);
      if (share.heldAt < 0) this.#charge(share, cost, nowMs);
      else addHeld(share, cost);
      touch(share, nowMs);
    }
  }

  /** Ends shares at what they used, or corrects ended ones: only the difference is posted. */
  conclude(shares: readonly Share[], phase: Phase, used: Amounts, nowMs: number): void {
    for (const share of shares) {
      const total = amountIn(used, share.counter.rule.unit);
      this.#post(share, phase, total - chargedOf(share, phase), shares, nowMs);
    }
  }

  concludeAsHeld(shares: readonly Share[], nowMs: number): void {
    for (const share of shares) {
      this.#post(share, 'held', share.cost - chargedOf(share, 'held'), shares, nowMs);
    }
  }

  /** Nothing is given to those who share the overflow, since it would be given to strangers. */
  give(claims: readonly Claim[], amounts: Amounts, nowMs: number): void {
    const gifts = this.sharesOf(claims, amounts).filter(({ cost }) => cost > 0);
    if (gifts.some(({ key, cost }) => key === OVERFLOW && Number.isFinite(cost))) {
      throw new LedgerError('there is no room for one more subject, so nothing was given');
    }
    for (const gift of gifts) if (gift.key !== OVERFLOW) this.#give(gift, gifts, nowMs);
  }

  clear(): void {
    this.#subjects.clear();
  }

  #give(gift: Share, gifts: readonly Share[], nowMs: number): void {
    this.#locate(gift, gifts, nowMs);
    const { row, at, counter, cost } = gift;
    gift.window = counter.open(row, at, nowMs);
    if (cost === Number.POSITIVE_INFINITY) counter.forgive(row, at, nowMs);
    else this.#charge(gift, -cost, nowMs);
    touch(gift, nowMs);
  }

  #post(share: Share, phase: Phase, amount: number, shares: readonly Share[], nowMs: number): void {
    const isHeldApart = phase === 'held' && share.heldAt >= 0;
    if (!isHeldApart && amount === 0) return;
    this.#locate(share, shares, nowMs);
    if (isHeldApart) addHeld(share, -share.cost);
    if (amount === 0) return;
    this.#charge(share, amount, nowMs);
    // The window that a hold was taken from was noted then; a debt may have grown since.
    if (share.heldAt < 0) touch(share, nowMs);
  }

  #shareOf({ subject, rule }: Claim, cost: number): Share {
    const subjects = this.#subjects;
    subjects.seek(subject);
    const slot = subjects.layout && slotFor(subjects.layout, rule);
    const counter = slot === undefined ? counterFor(rule) : slot.counter;
    return {
      key: subjects.key,
      counter,
      cost,
      heldAt: counter.heldAt,
      row: slot === undefined || subjects.row === undefined ? this.#blank : subjects.row,
      at: slot === undefined ? COUNTERS_FROM : slot.at,
      window: 0,
    };
  }

  /** Finds the row in which a share counts, made for it and all that come with it if there is none. */
  #locate(share: Share, shares: readonly Share[], nowMs: number): void {
    if (share.row[LAYOUT_ID] !== NO_LAYOUT) return;
    const { key } = share;
    const { rule } = share.counter;
    const subjects = this.#subjects;
    subjects.seekKey(key);
    if (subjects.layout === undefined || slotFor(subjects.layout, rule) === undefined) {
      const rules = shares.filter((other) => other.key === key).map((other) => other.counter.rule);
      subjects.extend(key, rules, nowMs);
    }
    share.row = subjects.row ?? this.#blank;
    share.at = (subjects.layout && slotFor(subjects.layout, rule)?.at) ?? COUNTERS_FROM;
  }

  #charge(share: Share, amount: number, nowMs: number): void {
    const { row, at, counter, window } = share;
    const after = counter.add(row, at, window, amount, nowMs);
    if (after === row) return;
    share.row = after;
    this.#subjects.replace(share.key, row, after);
  }
}

function touch({ row, at, counter }: Share, nowMs: number): void {
  const idleFromMs = counter.idleFromMs(row, at, nowMs);
  if (idleFromMs > numberAt(row, IDLE_FROM_MS)) row[IDLE_FROM_MS] = idleFromMs;
}

/** The same as `amounts[unit]`, which engines do not make fast where the unit changes at each turn. */
function amountIn(amounts: Amounts, unit: Unit): number {
  switch (unit) {
    case 'requests':
      return amounts.requests;
    case 'tokens':
      return amounts.tokens;
    case 'inputTokens':
      return amounts.inputTokens;
    case 'outputTokens':
      return amounts.outputTokens;
    case 'nanoUsd':
      return amounts.nanoUsd;
    case 'concurrent':
      return amounts.concurrent;
  }
}
