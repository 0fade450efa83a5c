/**
 * The specification of a ledger, written to be read: a log of events, from which every answer is
 * computed. It is slow and unbounded, and defines only what is correct.
 */
import type { Clock } from '../../src/base/clock.ts';
import { type Amounts, NO_AMOUNTS } from '../../src/ledger/amounts.ts';
import type {
  Balance,
  CalendarRule,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  RateRule,
  ReleaseOptions,
  Resolution,
  Rule,
  Violation,
} from '../../src/ledger/ledger.ts';

/** An amount was used (or given back) in the window of `takenAtMs` and became known at `atMs`. */
interface Posting {
  readonly claim: Claim;
  readonly atMs: number;
  readonly takenAtMs: number;
  /** For a calendar rule, the start of its window. */
  readonly startMs: number;
  readonly amount: number;
  /** If true, `amount` is ignored and all usage is forgiven. */
  readonly forgives?: boolean;
}

/** What a call takes by one claim. */
interface Share {
  readonly claim: Claim;
  readonly takenAtMs: number;
  readonly startMs: number;
  /** What the call may cost. */
  readonly cost: number;
  /** How much of that is held here. */
  readonly holds: number;
  charged: number;
}

interface Hold {
  readonly shares: readonly Share[];
  expiresAtMs: number;
  dispatched: boolean;
  state: 'live' | 'expired' | 'settled' | 'released';
}

export class ReferenceLedger implements Omit<Ledger, 'records'> {
  readonly #clock: Clock;
  readonly #holds = new Map<string, Hold>();
  readonly #gifts = new Set<string>();
  #log: Posting[] = [];
  #nowMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    this.#begin();
    if (this.#holds.has(id)) return { granted: true, balances: this.#balances(claims) };
    const broken = claims.flatMap((_, index) => this.#violation(claims, index, held));
    const isShadow = ({ claim }: Violation) => claims[claim]?.rule.shadow === true;
    const violations = broken.filter((violation) => !isShadow(violation));
    if (violations.length > 0) {
      return { granted: false, violations, balances: this.#balances(claims) };
    }
    this.#take(id, claims, held, lease, broken);
    const balances = this.#balances(claims);
    return broken.length > 0
      ? { granted: true, balances, wouldDeny: broken }
      : { granted: true, balances };
  }

  /** Takes a part by each claim. A shadow rate takes none of a call that it would refuse. */
  #take(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    { durationMs, dispatched }: Lease,
    broken: readonly Violation[],
  ): void {
    const takes = claims.filter(
      ({ rule }, index) => rule.kind !== 'rate' || broken.every(({ claim }) => claim !== index),
    );
    const parts = takes.map((claim) => [claim, this.#holdOf(claim, claims, held)] as const);
    const shares = parts.map(([claim, holds]) => this.#open(claim, held[claim.rule.unit], holds));
    const expiresAtMs = this.#nowMs + durationMs;
    this.#holds.set(id, { shares, expiresAtMs, dispatched, state: 'live' });
    for (const share of shares.filter(isRate)) this.#post(share, share.holds, this.#nowMs);
  }

  /** Rules that spill hold what the fullest of them has room for, and their credits hold the rest. */
  #holdOf(claim: Claim, claims: readonly Claim[], held: Amounts): number {
    const cost = held[claim.rule.unit];
    const credits = isCredit(claim) ? claim : creditsOf(claim, claims);
    if (credits === undefined) return cost;
    const spilling = claims.filter((other) => creditsOf(other, [credits]) !== undefined);
    const rooms = spilling.map((other) => this.#room(other));
    const part = Math.min(cost, ...rooms);
    return claim === credits ? cost - part : part;
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    return this.#end(id, 'settled', used);
  }

  async release(id: string, { keepsRates = false }: ReleaseOptions = {}): Promise<Resolution> {
    return this.#end(id, 'released', keepsRates ? 'rates' : NO_AMOUNTS);
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    this.#begin();
    const hold = this.#holds.get(id);
    if (hold?.state !== 'live') return false;
    hold.expiresAtMs = Math.max(hold.expiresAtMs, this.#nowMs + lease.durationMs);
    hold.dispatched ||= lease.dispatched;
    return true;
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    this.#begin();
    return this.#balances(claims);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    this.#begin();
    if (this.#gifts.has(id)) return 'replayed';
    this.#gifts.add(id);
    for (const claim of claims.filter(({ rule }) => amounts[rule.unit] > 0)) {
      const share = this.#open(claim, 0, 0);
      const amount = -amounts[claim.rule.unit];
      const forgives = amount === Number.NEGATIVE_INFINITY;
      this.#log.push({ ...share, atMs: this.#nowMs, amount, forgives });
    }
    return 'done';
  }

  async close(): Promise<void> {}

  /** Time never goes back. Everything that has expired by now expired at its own time. */
  #begin(): void {
    this.#nowMs = Math.max(this.#nowMs, this.#clock.nowMs());
    const due = [...this.#holds.values()]
      .filter((hold) => hold.state === 'live' && hold.expiresAtMs <= this.#nowMs)
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs);
    for (const hold of due) {
      hold.state = 'expired';
      const isCharged = hold.dispatched;
      for (const share of hold.shares) {
        this.#post(share, isCharged ? share.holds : 0, hold.expiresAtMs);
      }
    }
  }

  #end(id: string, state: 'settled' | 'released', used: Amounts | 'rates'): Resolution {
    this.#begin();
    const hold = this.#holds.get(id);
    if (hold === undefined) return 'unknown';
    if (hold.state === state) return 'replayed';
    if (hold.state === 'settled' || hold.state === 'released') return 'refused';
    hold.state = state;
    for (const share of hold.shares) this.#post(share, totalOf(share, used), this.#nowMs);
    return 'done';
  }

  /** Posts the difference to the amount charged before, if there is one. */
  #post(share: Share, total: number, atMs: number): void {
    if (total !== share.charged) this.#log.push({ ...share, atMs, amount: total - share.charged });
    share.charged = total;
  }

  #open(claim: Claim, cost: number, holds: number): Share {
    const { rule } = claim;
    const startMs = rule.kind === 'calendar' ? this.#start(claim, rule, this.#nowMs) : 0;
    const share = { claim, takenAtMs: this.#nowMs, startMs, cost, holds, charged: 0 };
    // Opening a window is an event of its own: it never closes for an earlier one.
    this.#log.push({ ...share, atMs: this.#nowMs, amount: 0 });
    return share;
  }

  #balances(claims: readonly Claim[]): readonly Balance[] {
    return claims.map((claim) => {
      const used = this.#used(claim, this.#nowMs);
      const held = this.#held(claim);
      const remaining = Math.max(0, capacityOf(claim.rule) - used - held);
      return { used, held, remaining, resetsAtMs: this.#fallsTo(claim, used - 1) };
    });
  }

  /** A rule that spills and its credits are broken together, and the rule is named. */
  #violation(claims: readonly Claim[], index: number, costs: Amounts): readonly Violation[] {
    const claim = claims[index] as Claim;
    if (isCredit(claim)) return [];
    const cost = costs[claim.rule.unit];
    const credits = creditsOf(claim, claims);
    if (isClosed(claim.rule) && credits === undefined) {
      return [{ claim: index, cost, hard: true, fitsAtMs: undefined }];
    }
    const paid = credits === undefined ? 0 : this.#room(credits);
    if (cost <= this.#room(claim) + paid) return [];
    const unused = this.#unused(claim) + (credits === undefined ? 0 : this.#unused(credits));
    const target = capacityOf(claim.rule) - this.#held(claim) - (cost - paid);
    return [{ claim: index, cost, hard: cost > unused, fitsAtMs: this.#fallsTo(claim, target) }];
  }

  /** What a call may take now. */
  #room(claim: Claim): number {
    return Math.max(0, this.#unused(claim) - this.#held(claim));
  }

  /** The same if nothing were held. */
  #unused(claim: Claim): number {
    if (isClosed(claim.rule)) return 0;
    return Math.max(0, capacityOf(claim.rule) - this.#used(claim, this.#nowMs));
  }

  #held(of: Claim): number {
    if (of.rule.kind === 'rate') return 0;
    const live = [...this.#holds.values()].filter((hold) => hold.state === 'live');
    const shares = live.flatMap((hold) => hold.shares.filter(({ claim }) => isSame(claim, of)));
    return shares.reduce((sum, { holds }) => sum + holds, 0);
  }

  #used(claim: Claim, nowMs: number): number {
    const { rule } = claim;
    const log = this.#log.filter((posting) => isSame(posting.claim, claim));
    if (rule.kind === 'concurrent') return 0;
    if (rule.kind === 'rate') return Math.ceil(debt(log, rule, nowMs));
    let counted: Posting[] = [];
    for (const posting of log) {
      const before = counted.filter((other) => this.#counts(other, rule, posting.atMs));
      if (!posting.forgives) counted.push(posting);
      else if (sum(before) > 0) counted = counted.filter((other) => !before.includes(other));
    }
    return sum(counted.filter((posting) => this.#counts(posting, rule, nowMs)));
  }

  #counts(posting: Posting, rule: Rule, nowMs: number): boolean {
    if (rule.kind === 'calendar') {
      return posting.startMs === this.#start(posting.claim, rule, nowMs);
    }
    if (rule.kind === 'balance') return true;
    if (rule.kind !== 'rolling') return false;
    return bucketEndMs(posting.takenAtMs, rule.windowMs) + rule.windowMs > nowMs;
  }

  /** The latest window that was opened, or the one that the clock is in if that is later. */
  #start(claim: Claim, rule: CalendarRule, nowMs: number): number {
    const opened = this.#log.filter((other) => isSame(other.claim, claim) && other.atMs <= nowMs);
    return Math.max(windowAt(rule, nowMs).startMs, ...opened.map(({ startMs }) => startMs));
  }

  /** Tries every instant at which anything can change. */
  #fallsTo(claim: Claim, target: number): number | undefined {
    const { rule } = claim;
    if (rule.amount === 0 || (target < 0 && rule.kind !== 'rolling')) return undefined;
    if (rule.kind === 'calendar') return this.#calendarEnd(claim, rule);
    const fits = (atMs: number) => this.#used(claim, atMs) <= target;
    return this.#instants(claim).find(fits);
  }

  /** `undefined` for a caller with a clock behind the open window. */
  #calendarEnd(claim: Claim, rule: CalendarRule): number | undefined {
    const { startMs, endMs } = windowAt(rule, this.#nowMs);
    return startMs < this.#start(claim, rule, this.#nowMs) ? undefined : endMs;
  }

  #instants(claim: Claim): readonly number[] {
    const { rule } = claim;
    if (rule.kind !== 'rolling' && rule.kind !== 'rate') return [];
    if (rule.kind === 'rolling') {
      const own = this.#log.filter((posting) => isSame(posting.claim, claim));
      const ends = own.map(({ takenAtMs }) => bucketEndMs(takenAtMs, rule.windowMs));
      const leaveAtMs = ends.map((endMs) => Math.ceil(endMs + rule.windowMs));
      return leaveAtMs.filter((atMs) => atMs > this.#nowMs).sort((a, b) => a - b);
    }
    const emptyMs = Math.ceil((this.#used(claim, this.#nowMs) * rule.periodMs) / rule.amount);
    return Array.from({ length: emptyMs + 2 }, (_, ms) => this.#nowMs + ms);
  }
}

const isRate = ({ claim }: Share): boolean => claim.rule.kind === 'rate';

/** Nothing fits, not even a call that costs nothing. */
const isClosed = ({ kind, amount }: Rule): boolean => amount === 0 && kind !== 'balance';

const isCredit = ({ rule }: Claim): boolean => rule.kind === 'balance' && rule.isCredit === true;

/** Returns the credits that pay for what does not fit. */
function creditsOf({ account, rule }: Claim, claims: readonly Claim[]): Claim | undefined {
  if (!('spills' in rule) || rule.spills !== true) return undefined;
  return claims.find(
    (other) => isCredit(other) && other.account === account && other.rule.unit === rule.unit,
  );
}

/** What is charged of a usage: the part that rules that spill hold comes first. */
function totalOf({ claim, cost, holds }: Share, used: Amounts | 'rates'): number {
  const { kind, unit } = claim.rule;
  if (used === 'rates') return kind === 'rate' && unit === 'requests' ? holds : 0;
  if (isCredit(claim)) return holds === 0 ? 0 : Math.max(0, used[unit] - (cost - holds));
  return holds < cost ? Math.min(used[unit], holds) : used[unit];
}

const sum = (postings: readonly Posting[]): number =>
  postings.reduce((total, { amount }) => total + amount, 0);

function isSame(a: Claim, b: Claim): boolean {
  return a.account === b.account && a.rule.key === b.rule.key && a.rule.kind === b.rule.kind;
}

function capacityOf(rule: Rule): number {
  return rule.kind === 'rate' && rule.amount > 0 ? rule.burst : rule.amount;
}

function windowAt({ windows: [first, second] }: CalendarRule, nowMs: number) {
  return nowMs < first.endMs ? first : second;
}

function bucketEndMs(atMs: number, windowMs: number): number {
  const lengthMs = windowMs / 24;
  return (Math.floor(atMs / lengthMs) + 1) * lengthMs;
}

/** What a leaking bucket lacks after each posting in turn, with the rate at that time. */
function debt(log: readonly Posting[], rule: RateRule, nowMs: number): number {
  let lacking = 0;
  let asOfMs = 0;
  const leakUntil = (atMs: number, { amount, periodMs }: RateRule) => {
    lacking = Math.max(0, lacking - ((atMs - asOfMs) * amount) / periodMs);
    asOfMs = atMs;
  };
  for (const { claim, atMs, amount, forgives } of log) {
    if (forgives) lacking = 0;
    else if (amount !== 0 && claim.rule.kind === 'rate') {
      leakUntil(atMs, claim.rule);
      lacking = Math.max(0, lacking + amount);
    }
  }
  leakUntil(nowMs, rule);
  return lacking;
}
