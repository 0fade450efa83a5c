import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  Amounts,
  Balance,
  Claim,
  Granted,
  Lease,
  NotGranted,
  Resolution,
  Rule,
} from '../ledger.ts';
import { COUNTERS_FROM } from '../memory/counter.ts';
import { counterFor } from '../memory/counter-for.ts';
import { addHeld, balancesOf, chargedOf, type Share, violationsOf } from '../memory/share.ts';
import { type Ending, HoldTable, type StoredHold, type StoredShare } from './hold-table.ts';
import type { SubjectCounters } from './subject-counters.ts';
import { SubjectTable } from './subject-table.ts';

/** How long finished ids and gifts are remembered. */
const RETENTION_MS = 3_600_000;

/** A share, and the subject on whose counters it counts. */
interface BookShare extends Share {
  readonly key: string;
}

/**
 * The verbs of the ledger within one transaction: rows are read, counted on by the arithmetic of the
 * memory ledger, and written back at the end.
 */
export class Book {
  readonly #subjects: SubjectTable;
  readonly #holds: HoldTable;
  readonly #findGift: StatementSync;
  readonly #addGift: StatementSync;
  readonly #sweepGifts: StatementSync;
  readonly #readVersion: StatementSync;
  #version: unknown;

  constructor(database: DatabaseSync) {
    this.#readVersion = database.prepare('PRAGMA data_version');
    this.#subjects = new SubjectTable(database);
    this.#holds = new HoldTable(database);
    this.#findGift = database.prepare('SELECT 1 FROM guard_gifts WHERE id = ?');
    this.#addGift = database.prepare('INSERT INTO guard_gifts (id, at_ms) VALUES (?, ?)');
    this.#sweepGifts = database.prepare('DELETE FROM guard_gifts WHERE at_ms < ?');
  }

  /** Ends what is over, as of the moment when it was over. */
  begin(nowMs: number): void {
    this.#forgetIfOthersWrote();
    for (;;) {
      const hold = this.#holds.nextExpired(nowMs);
      if (hold === undefined) return;
      const shares = this.#sharesOf(hold);
      for (const share of shares) {
        this.#post(share, 'held', hold.dispatched ? share.cost : 0, hold.expiresAtMs);
      }
      this.#holds.expire(hold.id, hold.dispatched ? 'charged' : 'freed');
    }
  }

  commit(nowMs: number): void {
    this.#subjects.writeChanged(nowMs);
    this.#holds.sweep(nowMs - RETENTION_MS);
  }

  rollBack(): void {
    this.#subjects.forget();
    this.#holds.forget();
  }

  #forgetIfOthersWrote(): void {
    const version = this.#readVersion.get()?.['data_version'];
    if (version !== this.#version) this.rollBack();
    this.#version = version;
  }

  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
    nowMs: number,
  ): Granted | NotGranted {
    if (this.#holds.find(id) !== undefined) {
      return { granted: true, balances: this.read(claims, nowMs) };
    }
    const shares = claims.map(({ subject, rule }) => this.#share(subject, rule, held[rule.unit]));
    const violations = violationsOf(shares, nowMs);
    if (violations.length > 0) {
      return { granted: false, violations, balances: balancesOf(shares, nowMs) };
    }
    for (const share of shares) this.#take(share, nowMs);
    const { durationMs, dispatched } = lease;
    const expiresAtMs = Math.floor(nowMs + durationMs);
    this.#holds.add({ id, dispatched, expiresAtMs, shares: shares.map(toStored) });
    return { granted: true, balances: this.read(claims, nowMs) };
  }

  end(id: string, ending: Ending, used: Amounts | undefined, nowMs: number): Resolution {
    const hold = this.#holds.find(id);
    if (hold === undefined) return 'unknown';
    if (hold.ending !== undefined) return hold.ending === ending ? 'replayed' : 'refused';
    for (const share of this.#sharesOf(hold)) {
      this.#post(share, hold.phase, used?.[share.counter.rule.unit] ?? 0, nowMs);
    }
    this.#holds.end(id, ending, nowMs);
    return 'done';
  }

  renew(id: string, lease: Lease, nowMs: number): boolean {
    const hold = this.#holds.find(id);
    if (hold === undefined || hold.ending !== undefined || hold.phase !== 'held') return false;
    const expiresAtMs = Math.max(hold.expiresAtMs, Math.floor(nowMs + lease.durationMs));
    this.#holds.renew(id, hold.dispatched || lease.dispatched, expiresAtMs);
    return true;
  }

  read(claims: readonly Claim[], nowMs: number): readonly Balance[] {
    const shares = claims.map(({ subject, rule }) => this.#share(subject, rule, 0));
    return balancesOf(shares, nowMs);
  }

  credit(id: string, claims: readonly Claim[], amounts: Amounts, nowMs: number): Resolution {
    if (this.#findGift.get(id) !== undefined) return 'replayed';
    for (const { subject, rule } of claims) this.#give(subject, rule, amounts[rule.unit], nowMs);
    this.#sweepGifts.run(nowMs - RETENTION_MS);
    this.#addGift.run(id, nowMs);
    return 'done';
  }

  #give(subject: string, rule: Rule, amount: number, nowMs: number): void {
    if (amount === 0) return;
    const share = this.#share(subject, rule, amount);
    share.window = share.counter.open(share.row, share.at, nowMs);
    if (amount === Number.POSITIVE_INFINITY) share.counter.forgive(share.row, share.at, nowMs);
    else this.#charge(share, -amount, nowMs);
    this.#touch(share, nowMs);
  }

  #take(share: BookShare, nowMs: number): void {
    const counters = this.#refresh(share);
    share.window = share.counter.open(share.row, share.at, nowMs);
    if (share.heldAt < 0) this.#charge(share, share.cost, nowMs);
    else {
      addHeld(share, share.cost);
      counters.openShares += 1;
    }
    this.#touch(share, nowMs);
  }

  /** Posts the difference between what a share used and what it has been charged so far. */
  #post(share: BookShare, phase: StoredHold['phase'], total: number, nowMs: number): void {
    const amount = total - chargedOf(share, phase);
    const counters = this.#refresh(share);
    if (phase === 'held' && share.heldAt >= 0) {
      addHeld(share, -share.cost);
      counters.openShares -= 1;
      counters.isChanged = true;
    }
    if (amount === 0) return;
    this.#charge(share, amount, nowMs);
    // The window that a hold was taken from was noted then; a debt may have grown since.
    if (share.heldAt < 0) this.#touch(share, nowMs);
  }

  /** Another share of the same counter may have put a larger row in the place of this one. */
  #refresh(share: BookShare): SubjectCounters {
    const counters = this.#subjects.of(share.key);
    share.row = counters.rowOf(share.counter);
    return counters;
  }

  #charge(share: BookShare, amount: number, nowMs: number): void {
    const { row, at, counter, window, key } = share;
    const counters = this.#subjects.of(key);
    const after = counter.add(row, at, window, amount, nowMs);
    counters.isChanged = true;
    if (after === row) return;
    share.row = after;
    counters.replace(counter, after);
  }

  #touch({ row, at, counter, key }: BookShare, nowMs: number): void {
    const counters = this.#subjects.of(key);
    const idleFromMs = Math.ceil(counter.idleFromMs(row, at, nowMs));
    counters.idleFromMs = Math.max(counters.idleFromMs, idleFromMs);
    counters.isChanged = true;
  }

  #sharesOf({ shares }: StoredHold): BookShare[] {
    return shares.map(({ subject, rule, cost, window }) => ({
      ...this.#share(subject, rule, cost),
      window,
    }));
  }

  #share(subject: string, rule: Rule, cost: number): BookShare {
    const counter = counterFor(rule);
    const row = this.#subjects.of(subject).rowOf(counter);
    const { heldAt } = counter;
    return { key: subject, counter, cost, heldAt, row, at: COUNTERS_FROM, window: 0 };
  }
}

function toStored({ key, counter, cost, window }: BookShare): StoredShare {
  return { subject: key, rule: counter.rule, cost, window };
}
