import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Rule } from '../ledger.ts';
import type { Phase } from '../memory/share.ts';

export type Ending = 'settled' | 'released';

/** What a hold has of one claim; enough to end it in any process. */
export interface StoredShare {
  readonly subject: string;
  readonly rule: Rule;
  readonly cost: number;
  /** The window that it was taken from. */
  readonly window: number;
}

export interface StoredHold {
  readonly id: string;
  readonly phase: Phase;
  readonly ending: Ending | undefined;
  readonly dispatched: boolean;
  readonly expiresAtMs: number;
  readonly shares: readonly StoredShare[];
}

/** More than are in flight at once; those beyond are read again. */
const KEPT_MAX = 5_000;
const ADDED_PER_SWEEP = 32;

/** Holds by id: live ones and expired ones that may still be corrected; and, apart, how others ended,
 * so that the rows that are written most stay on few pages. */
export class HoldTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #renew: StatementSync;
  readonly #expire: StatementSync;
  readonly #delete: StatementSync;
  readonly #addEnded: StatementSync;
  readonly #nextExpired: StatementSync;
  readonly #sweepExpired: StatementSync;
  readonly #sweepEnded: StatementSync;
  /** Live ones, as long as nobody else writes. */
  readonly #kept = new LRUCache<string, StoredHold>({ max: KEPT_MAX });
  #addedSinceSweep = 0;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      `SELECT id, phase, NULL AS ending, dispatched, expires_at_ms, shares FROM guard_holds WHERE id = ?1
       UNION ALL SELECT id, 'held', ending, 0, at_ms, '[]' FROM guard_ended WHERE id = ?1`,
    );
    this.#add = database.prepare(
      `INSERT INTO guard_holds (id, phase, dispatched, expires_at_ms, shares) VALUES (?, 'held', ?, ?, ?)`,
    );
    this.#renew = database.prepare(
      'UPDATE guard_holds SET dispatched = ?, expires_at_ms = ? WHERE id = ?',
    );
    this.#expire = database.prepare('UPDATE guard_holds SET phase = ? WHERE id = ?');
    this.#delete = database.prepare('DELETE FROM guard_holds WHERE id = ?');
    this.#addEnded = database.prepare(
      'INSERT INTO guard_ended (id, ending, at_ms) VALUES (?, ?, ?)',
    );
    this.#nextExpired = database.prepare(
      `SELECT * FROM guard_holds WHERE phase = 'held' AND expires_at_ms <= ?
       ORDER BY expires_at_ms LIMIT 1`,
    );
    this.#sweepExpired = database.prepare(
      `DELETE FROM guard_holds WHERE id IN (SELECT id FROM guard_holds
       WHERE phase IN ('charged', 'freed') AND expires_at_ms < ? LIMIT ?)`,
    );
    this.#sweepEnded = database.prepare(
      'DELETE FROM guard_ended WHERE id IN (SELECT id FROM guard_ended WHERE at_ms < ? LIMIT ?)',
    );
  }

  find(id: string): StoredHold | undefined {
    return this.#kept.get(id) ?? parsed(this.#find.get(id));
  }

  add(hold: Pick<StoredHold, 'id' | 'dispatched' | 'expiresAtMs' | 'shares'>): void {
    const { id, dispatched, expiresAtMs, shares } = hold;
    this.#add.run(id, Number(dispatched), expiresAtMs, JSON.stringify(shares));
    this.#addedSinceSweep += 1;
    this.#kept.set(id, { ...hold, phase: 'held', ending: undefined });
  }

  renew(id: string, dispatched: boolean, expiresAtMs: number): void {
    this.#kept.delete(id);
    this.#renew.run(Number(dispatched), expiresAtMs, id);
  }

  /** The lease is over; it may still be ended, once. */
  expire(id: string, phase: Phase): void {
    this.#kept.delete(id);
    this.#expire.run(phase, id);
  }

  /** From now on only that it ended is remembered. */
  end(id: string, ending: Ending, nowMs: number): void {
    this.#kept.delete(id);
    this.#delete.run(id);
    this.#addEnded.run(id, ending, nowMs);
  }

  nextExpired(nowMs: number): StoredHold | undefined {
    return parsed(this.#nextExpired.get(nowMs));
  }

  /** What was written may be another's by now, or was never committed. */
  forget(): void {
    this.#kept.clear();
  }

  /** Forgets those that were over before `beforeMs`, at times, and more of them than came meanwhile. */
  sweep(beforeMs: number): void {
    if (this.#addedSinceSweep < ADDED_PER_SWEEP) return;
    const most = 2 * this.#addedSinceSweep;
    this.#addedSinceSweep = 0;
    this.#sweepExpired.run(beforeMs, most);
    this.#sweepEnded.run(beforeMs, most);
  }
}

function parsed(row: Record<string, unknown> | undefined): StoredHold | undefined {
  if (row === undefined) return undefined;
  return {
    id: String(row['id']),
    phase: row['phase'] as Phase,
    ending: (row['ending'] ?? undefined) as Ending | undefined,
    dispatched: row['dispatched'] === 1,
    expiresAtMs: Number(row['expires_at_ms']),
    shares: JSON.parse(String(row['shares'])) as StoredShare[],
  };
}
