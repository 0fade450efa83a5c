import { type Clock, systemClock } from '../clock.ts';
import { LedgerError } from '../errors.ts';
import type {
  Amounts,
  Balance,
  Claim,
  Granted,
  InProcessVerbs,
  Lease,
  Ledger,
  NotGranted,
  Records,
  Resolution,
} from './ledger.ts';
import { Accounts } from './memory/accounts.ts';
import { assertAmounts, assertGifts, assertLease } from './memory/assert-amounts.ts';
import { type Ending, Holds } from './memory/holds.ts';
import { MemoryRecords } from './memory/memory-records.ts';
import { RecentMap } from './memory/recent-map.ts';
import { balancesOf, violationsOf } from './memory/share.ts';

export interface MemoryLedgerOptions {
  /** Users, tokens and other subjects that count on their own; default 1,000,000. When there are that
   * many with something used or held, those that are new share one quota among them. */
  readonly maxSubjects?: number;
  /** Records that have not expired; default 1,000,000. A write beyond throws `LedgerError`. */
  readonly maxRecords?: number;
  /** Holds at once; default 100,000. A reserve beyond throws `LedgerError`. */
  readonly maxLeases?: number;
  /** Finished ids that are remembered; default 1,000: within one process no reply gets lost, so an id
   * comes again soon or never. Beyond, or after `retentionMs`, the oldest are forgotten: to settle,
   * release or renew one of them has no effect and answers `unknown`. */
  readonly maxTombstones?: number;
  /** How long finished ids are remembered, if not too many come; default one hour. */
  readonly retentionMs?: number;
  readonly clock?: Clock;
}

/**
 * Keeps all counters in this process: nothing is shared with others, and nothing survives it. Starts
 * no timer. Time never goes backwards in it: while the clock is behind where it was, it stands still.
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  return new MemoryLedger(options);
}

const HOUR_MS = 3_600_000;
/** Gifts are never forgotten before their time, or a repeated one would give twice. */
const GIFTS_MAX = 100_000;

const NOTHING: Amounts = {
  requests: 0,
  tokens: 0,
  inputTokens: 0,
  outputTokens: 0,
  nanoUsd: 0,
  concurrent: 0,
};

class MemoryLedger implements Ledger {
  readonly inProcess: InProcessVerbs;
  readonly records: Records & { clear(): void };
  readonly #clock: Clock;
  readonly #accounts: Accounts;
  readonly #holds: Holds;
  readonly #gifts: RecentMap<true>;
  #latestMs = 0;
  #closed = false;

  constructor({
    maxSubjects = 1_000_000,
    maxRecords = 1_000_000,
    maxLeases = 100_000,
    maxTombstones = 1_000,
    retentionMs = HOUR_MS,
    clock = systemClock,
  }: MemoryLedgerOptions) {
    this.#clock = clock;
    this.#accounts = new Accounts(maxSubjects);
    this.#holds = new Holds(maxLeases, maxTombstones, retentionMs);
    this.#gifts = new RecentMap(GIFTS_MAX, retentionMs);
    this.records = new MemoryRecords(maxRecords, () => this.#now());
    this.inProcess = {
      reserve: (id, claims, held, lease) => this.#take(id, claims, held, lease),
      settle: (id, used) => this.#endOnce(id, 'settled', used),
      release: (id) => this.#endOnce(id, 'released', NOTHING),
    };
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    const nowMs = this.#begin();
    if (!this.#holds.has(id)) return this.#take(id, claims, held, lease);
    return { granted: true, balances: this.#accounts.read(claims, nowMs) };
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    return this.#end(id, 'settled', used);
  }

  async release(id: string): Promise<Resolution> {
    return this.#end(id, 'released', NOTHING);
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    return this.#holds.renew(id, lease, this.#begin());
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    return this.#accounts.read(claims, this.#begin());
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertGifts(amounts);
    const nowMs = this.#begin();
    if (this.#gifts.get(id) !== undefined) return 'replayed';
    if (this.#gifts.isFull(nowMs))
      throw new LedgerError(`more than ${GIFTS_MAX / 2} gifts an hour`);
    this.#accounts.give(claims, amounts, nowMs);
    this.#gifts.set(id, true, nowMs);
    return 'done';
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#accounts.clear();
    this.#holds.clear();
    this.#gifts.clear();
    this.records.clear();
  }

  #take(id: string, claims: readonly Claim[], held: Amounts, lease: Lease): Granted | NotGranted {
    assertAmounts(held);
    assertLease(lease);
    const nowMs = this.#begin();
    this.#holds.assertRoom();
    const shares = this.#accounts.sharesOf(claims, held);
    const violations = violationsOf(shares, nowMs);
    if (violations.length > 0) {
      return { granted: false, violations, balances: balancesOf(shares, nowMs) };
    }
    this.#accounts.take(shares, nowMs);
    this.#holds.add(id, shares, lease, nowMs);
    return { granted: true, balances: balancesOf(shares, nowMs) };
  }

  #end(id: string, ending: Ending, used: Amounts): Resolution {
    const resolution = this.#endOnce(id, ending, used);
    if (resolution === 'done') this.#holds.remember(id, ending, this.#latestMs);
    return resolution;
  }

  #endOnce(id: string, ending: Ending, used: Amounts): Resolution {
    assertAmounts(used);
    const nowMs = this.#begin();
    const hold = this.#holds.toEnd(id, ending);
    if (typeof hold === 'string') return hold;
    this.#accounts.conclude(hold.shares, hold.phase, used, nowMs);
    this.#holds.end(hold, ending);
    return 'done';
  }

  /** Every verb begins by ending what is over, as of the moment when it was over. */
  #begin(): number {
    const nowMs = this.#now();
    for (;;) {
      const hold = this.#holds.nextExpired(nowMs);
      if (hold === undefined) return nowMs;
      const { shares, dispatched, expiresAtMs } = hold;
      if (dispatched) this.#accounts.concludeAsHeld(shares, expiresAtMs);
      else this.#accounts.conclude(shares, 'held', NOTHING, expiresAtMs);
      hold.phase = dispatched ? 'charged' : 'freed';
    }
  }

  #now(): number {
    if (this.#closed) throw new LedgerError('the ledger is closed');
    const readMs = Math.floor(this.#clock.nowMs());
    if (readMs > this.#latestMs && readMs < Number.POSITIVE_INFINITY) this.#latestMs = readMs;
    return this.#latestMs;
  }
}
