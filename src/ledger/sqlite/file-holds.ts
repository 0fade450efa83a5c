import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { type Ending, Hold } from '../counting/hold.ts';
import { Part, type Phase, type StoredPart } from '../counting/part.ts';
import type { HoldTable } from '../counting/tables.ts';

/** More than are in flight at once. Those beyond are read again. */
const CACHED_MAX = 5_000;
const ADDED_PER_SWEEP = 32;

/** Holds by id: live ones, and expired ones that may still be corrected. How the others ended is
 * in a separate table, so that the rows that are written most stay on few pages. */
export class FileHolds implements HoldTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #renew: StatementSync;
  readonly #expire: StatementSync;
  readonly #delete: StatementSync;
  readonly #addEnded: StatementSync;
  readonly #nextExpired: StatementSync;
  readonly #sweepExpired: StatementSync;
  readonly #sweepEnded: StatementSync;
  /** Live ones, while no other process writes. */
  readonly #cached = new LRUCache<string, Hold>({ max: CACHED_MAX });
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

  find(id: string): Hold | Ending | undefined {
    const cached = this.#cached.get(id);
    if (cached !== undefined) return cached;
    const row = this.#find.get(id);
    return (row?.['ending'] as Ending | null | undefined) ?? parsed(row);
  }

  add(hold: Hold): void {
    const { id, dispatched, expiresAtMs, parts } = hold;
    this.#add.run(id, Number(dispatched), expiresAtMs, JSON.stringify(parts));
    this.#addedSinceSweep += 1;
    this.#cached.set(id, hold);
  }

  renewed({ id, dispatched, expiresAtMs }: Hold): void {
    this.#renew.run(Number(dispatched), expiresAtMs, id);
  }

  expired({ id, phase }: Hold): void {
    this.#cached.delete(id);
    this.#expire.run(phase, id);
  }

  ended({ id }: Hold, ending: Ending, nowMs: number): void {
    this.#cached.delete(id);
    this.#delete.run(id);
    this.#addEnded.run(id, ending, nowMs);
  }

  nextExpired(nowMs: number): Hold | undefined {
    return parsed(this.#nextExpired.get(nowMs));
  }

  /** Another process may have changed what was written, or it was never committed. */
  forget(): void {
    this.#cached.clear();
  }

  /** At times forgets holds that were over before `beforeMs`, and more of them than came
   * meanwhile. */
  sweep(beforeMs: number): void {
    if (this.#addedSinceSweep < ADDED_PER_SWEEP) return;
    const most = 2 * this.#addedSinceSweep;
    this.#addedSinceSweep = 0;
    this.#sweepExpired.run(beforeMs, most);
    this.#sweepEnded.run(beforeMs, most);
  }
}

/** `shares` is the stored name of the parts of a hold. */
function parsed(row: Record<string, unknown> | undefined): Hold | undefined {
  if (row === undefined) return undefined;
  const parts = JSON.parse(String(row['shares'])) as StoredPart[];
  return new Hold(
    String(row['id']),
    parts.map(Part.from),
    row['dispatched'] === 1,
    Number(row['expires_at_ms']),
    row['phase'] as Phase,
  );
}
