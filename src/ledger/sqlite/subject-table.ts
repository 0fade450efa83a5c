import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { SubjectCounters } from './subject-counters.ts';

const USED_PER_SWEEP = 64;
/** Four for each that was used, so that about a quarter of the rows at most counts nothing. */
const LOOKED_AT_PER_USED = 4;
/** Larger than the users of a busy minute; about 1 kB each. */
const KEPT_MAX = 10_000;

/** The counters of all subjects; read once while nobody else writes, and written once a transaction. */
export class SubjectTable {
  readonly #find: StatementSync;
  readonly #write: StatementSync;
  readonly #findBound: StatementSync;
  readonly #sweepBetween: StatementSync;
  readonly #sweepFrom: StatementSync;
  /** Those of this transaction; they stay, however many they are. */
  readonly #loaded = new Map<string, SubjectCounters>();
  readonly #kept = new LRUCache<string, SubjectCounters>({ max: KEPT_MAX });
  /** Up to which the last sweep looked. */
  #sweptUpTo = '';
  #usedSinceSweep = 0;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT * FROM guard_subjects WHERE subject = ?');
    this.#write = database.prepare(
      `INSERT INTO guard_subjects (subject, counters, open_shares, idle_from_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (subject) DO UPDATE SET counters = excluded.counters,
         open_shares = excluded.open_shares, idle_from_ms = excluded.idle_from_ms`,
    );
    // As bytes: a text may hold what SQLite ends a text at.
    this.#findBound = database.prepare(
      `SELECT CAST(subject AS BLOB) AS bound FROM guard_subjects
       WHERE subject > ? ORDER BY subject LIMIT 1 OFFSET ?`,
    );
    this.#sweepBetween = database.prepare(
      `DELETE FROM guard_subjects
       WHERE subject > ? AND subject <= ? AND open_shares = 0 AND idle_from_ms <= ?`,
    );
    this.#sweepFrom = database.prepare(
      'DELETE FROM guard_subjects WHERE subject > ? AND open_shares = 0 AND idle_from_ms <= ?',
    );
  }

  of(subject: string): SubjectCounters {
    const loaded = this.#loaded.get(subject);
    if (loaded !== undefined) return loaded;
    const counters = this.#kept.get(subject) ?? this.#load(subject);
    this.#loaded.set(subject, counters);
    return counters;
  }

  /** At the end of a transaction. Those who count nothing any more leave as others come. */
  writeChanged(nowMs: number): void {
    for (const counters of this.#loaded.values()) {
      const { subject, openShares, idleFromMs } = counters;
      if (counters.isChanged) this.#write.run(subject, counters.toText(), openShares, idleFromMs);
      counters.isChanged = false;
      this.#kept.set(subject, counters);
    }
    this.#usedSinceSweep += this.#loaded.size;
    this.#loaded.clear();
    if (this.#usedSinceSweep >= USED_PER_SWEEP) this.#sweep(nowMs);
  }

  /** What was read may be another's by now, or was never written. */
  forget(): void {
    this.#loaded.clear();
    this.#kept.clear();
  }

  /**
   * Goes round all of them, some at a time: an index by time would have to be written with each use.
   * What is kept in memory of one that leaves counts nothing either.
   */
  #sweep(nowMs: number): void {
    const looked = LOOKED_AT_PER_USED * this.#usedSinceSweep;
    this.#usedSinceSweep = 0;
    const found = this.#findBound.get(this.#sweptUpTo, looked)?.['bound'];
    const bound = found && Buffer.from(found as Uint8Array).toString();
    if (bound) this.#sweepBetween.run(this.#sweptUpTo, bound, nowMs);
    else this.#sweepFrom.run(this.#sweptUpTo, nowMs);
    this.#sweptUpTo = bound || '';
  }

  #load(subject: string): SubjectCounters {
    const row = this.#find.get(subject);
    if (row === undefined) return new SubjectCounters(subject);
    const { counters, open_shares, idle_from_ms } = row;
    return new SubjectCounters(
      subject,
      String(counters),
      Number(open_shares),
      Number(idle_from_ms),
    );
  }
}
