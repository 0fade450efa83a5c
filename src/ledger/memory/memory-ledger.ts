import type { Clock } from '../../base/clock.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { LedgerError } from '../../core/errors.ts';
import { type Amounts, assertAmounts, assertCredits } from '../amounts.ts';
import type { Ending, Hold } from '../counting/hold.ts';
import { type GrantedHold, type Posted, postedBy, Verbs } from '../counting/verbs.ts';
import type {
  Balance,
  Claim,
  Granted,
  InProcessVerbs,
  Lease,
  Ledger,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../ledger.ts';
import { assertLease } from '../ledger.ts';
import type { Records } from '../records.ts';
import { MemoryAccounts } from './memory-accounts.ts';
import { MemoryCredits } from './memory-credits.ts';
import { MemoryHolds } from './memory-holds.ts';
import { type MemoryLedgerOptions, type MemorySettings, memoryOptions } from './memory-options.ts';
import { MemoryRecords } from './memory-records.ts';

/**
 * Returns a ledger that counts exactly, in the memory of this process. Nothing is shared with other
 * processes, and nothing survives a restart. It starts no timer. Its time never goes backwards: while
 * the clock is behind where it was, it stands still. A hold beyond `maxLeases` or a record beyond
 * `maxRecords` throws `LedgerError`.
 *
 * @example
 * ```ts
 * import { createGuardedCompletion } from 'guarded-completion';
 *
 * export const guard = createGuardedCompletion({
 *   apiKey: process.env.OPENAI_API_KEY,
 *   secret: process.env.GUARD_SECRET,
 *   plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 15, per: '24h' }] } },
 *   ledger: memoryLedger({ maxAccounts: 200_000 }),
 * });
 * ```
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  return new MemoryLedger(parseOrThrow(memoryOptions, options, 'memoryLedger'));
}

class MemoryLedger implements Ledger {
  readonly inProcess: InProcessVerbs;
  readonly records: Records & { clear(): void };
  readonly #clock: Clock;
  readonly #accounts: MemoryAccounts;
  readonly #holds: MemoryHolds;
  readonly #credits: MemoryCredits;
  readonly #verbs: Verbs;
  #latestMs = 0;
  #closed = false;

  constructor({
    maxAccounts,
    maxRecords,
    maxLeases,
    maxTombstones,
    retentionMs,
    clock,
  }: MemorySettings) {
    this.#clock = clock;
    this.#accounts = new MemoryAccounts(maxAccounts);
    this.#holds = new MemoryHolds(maxLeases, maxTombstones, retentionMs);
    this.#credits = new MemoryCredits(retentionMs);
    this.#verbs = new Verbs({
      accounts: this.#accounts,
      holds: this.#holds,
      credits: this.#credits,
    });
    this.records = new MemoryRecords(maxRecords, () => this.#now());
    this.inProcess = {
      reserve: (id, claims, held, lease) => this.#take(id, claims, held, lease),
      settle: (hold: Hold, used) => {
        assertAmounts(used);
        return this.#end(hold, 'settled', used);
      },
      release: (hold: Hold, options) => this.#end(hold, 'released', postedBy(options)),
      renew: (hold: Hold, lease) => this.#extend(hold, lease),
    };
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease(lease);
    const nowMs = this.#begin();
    this.#holds.assertRoom(id);
    return this.#verbs.reserve(id, this.#accounts.placed(claims, nowMs), held, lease, nowMs);
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#verbs.settle(id, used, this.#begin());
  }

  async release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    return this.#verbs.release(id, options, this.#begin());
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    return this.#verbs.renew(id, lease, this.#begin());
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const nowMs = this.#begin();
    return this.#verbs.read(this.#accounts.placed(claims, nowMs), nowMs);
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertCredits(amounts);
    const nowMs = this.#begin();
    if (this.#credits.has(id)) return 'replayed';
    const own = this.#accounts.ownOf(claims, amounts, nowMs);
    return this.#verbs.credit(id, own, amounts, nowMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#accounts.clear();
    this.#holds.clear();
    this.#credits.clear();
    this.records.clear();
  }

  #take(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): GrantedHold | NotGranted {
    assertAmounts(held);
    assertLease(lease);
    const nowMs = this.#begin();
    this.#holds.assertRoom();
    const decision = this.#verbs.take(id, this.#accounts.placed(claims, nowMs), held, lease, nowMs);
    if (decision.granted) this.#holds.lease(decision.hold);
    return decision;
  }

  #end(hold: Hold, ending: Ending, used: Posted): Resolution {
    return this.#verbs.end(hold, ending, used, this.#begin());
  }

  #extend(hold: Hold, lease: Lease): boolean {
    assertLease(lease);
    return this.#verbs.extend(hold, lease, this.#begin());
  }

  #begin(): number {
    const nowMs = this.#now();
    this.#verbs.expire(nowMs);
    return nowMs;
  }

  #now(): number {
    if (this.#closed) throw new LedgerError('the ledger is closed');
    const readMs = Math.floor(this.#clock.nowMs());
    if (readMs > this.#latestMs && readMs < Number.POSITIVE_INFINITY) this.#latestMs = readMs;
    return this.#latestMs;
  }
}
