import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type LookedRecord, listRange, pageOf } from '../list-range.ts';
import {
  ANY_KEY,
  type ListOptions,
  type RecordPage,
  type Records,
  type StoredRecord,
} from '../records.ts';

/** Runs work in a transaction of its own, at the ledger's time. */
type Transact = <Value>(work: (nowMs: number) => Value) => Promise<Value>;

/** Well below the second within which every process is notified of a change. */
const POLL_MS = 250;
/** A process that slept longer is notified that any record may have changed. */
const CHANGES_KEPT_MS = 60_000;

export class SqliteRecords implements Records {
  readonly #transact: Transact;
  readonly #find: StatementSync;
  readonly #list: StatementSync;
  readonly #write: StatementSync;
  readonly #delete: StatementSync;
  readonly #note: StatementSync;
  readonly #forget: StatementSync;
  readonly #since: StatementSync;
  readonly #sweep: StatementSync;
  readonly #listeners = new Set<(key: string) => void>();
  #timer: NodeJS.Timeout | undefined;
  #seen: number;

  constructor(database: DatabaseSync, transact: Transact) {
    this.#transact = transact;
    this.#find = database.prepare(
      `SELECT value, version FROM guard_records
       WHERE key = ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
    );
    this.#list = database.prepare(
      `SELECT key, value, version, ifnull(expires_at_ms, 9e999) > ? AS live FROM guard_records
       WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?`,
    );
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO guard_records (key, value, version, expires_at_ms) VALUES (?, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM guard_records WHERE key = ?');
    this.#note = database.prepare('INSERT INTO guard_changes (key, at_ms) VALUES (?, ?)');
    this.#forget = database.prepare('DELETE FROM guard_changes WHERE at_ms < ?');
    this.#since = database.prepare(
      'SELECT sequence, key FROM guard_changes WHERE sequence > ? ORDER BY sequence',
    );
    this.#sweep = database.prepare(
      `DELETE FROM guard_records WHERE key IN (SELECT key FROM guard_records
       WHERE expires_at_ms <= ? LIMIT 4)`,
    );
    const latest = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'guard_changes'`);
    this.#seen = Number(latest.get()?.['seq'] ?? 0);
  }

  get(key: string): Promise<StoredRecord | undefined> {
    return this.#transact((nowMs) => this.#current(key, nowMs));
  }

  async put(
    key: string,
    value: string,
    { expiresAtMs, ifVersion }: Parameters<Records['put']>[2] = {},
  ): Promise<boolean> {
    if (Number.isNaN(expiresAtMs)) throw new TypeError('"expiresAtMs" must be a number');
    const expires = expiresAtMs === Number.POSITIVE_INFINITY ? undefined : expiresAtMs;
    const written = await this.#transact((nowMs) => {
      const version = this.#current(key, nowMs)?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== version) return false;
      this.#sweep.run(nowMs);
      this.#write.run(key, value, version + 1, expires ?? null);
      this.#changed(key, nowMs);
      return true;
    });
    if (written) this.#poll();
    return written;
  }

  async delete(key: string): Promise<boolean> {
    const had = await this.#transact((nowMs) => {
      const isThere = this.#current(key, nowMs) !== undefined;
      this.#delete.run(key);
      if (isThere) this.#changed(key, nowMs);
      return isThere;
    });
    if (had) this.#poll();
    return had;
  }

  async list(prefix: string, options?: ListOptions): Promise<RecordPage> {
    const range = listRange(prefix, options);
    const { from, after, end, limit } = range;
    const rows = await this.#transact((nowMs) => this.#list.all(nowMs, from, after, end, limit));
    return pageOf(rows.map(lookedAt), range);
  }

  watch(listener: (key: string) => void): () => void {
    // A wrapper for each call, so that a listener that was added twice is also stopped one at a time.
    const tell = (key: string) => listener(key);
    this.#listeners.add(tell);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
    return () => {
      this.#listeners.delete(tell);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A file that cannot be read now is read at the next poll; no change is lost. */
  #poll(): void {
    try {
      this.#tellChanges();
    } catch {
      // The verbs of the ledger report what is wrong with the file.
    }
  }

  #tellChanges(): void {
    const changes = this.#since.all(this.#seen);
    const keys = changes.map(({ key }) => JSON.parse(String(key)) as string);
    const first = Number(changes[0]?.['sequence'] ?? this.#seen + 1);
    const missed = first > this.#seen + 1;
    this.#seen = Number(changes.at(-1)?.['sequence'] ?? this.#seen);
    for (const key of missed ? [ANY_KEY] : new Set(keys)) {
      for (const listener of this.#listeners) listener(key);
    }
  }

  #current(key: string, nowMs: number): StoredRecord | undefined {
    const row = this.#find.get(key, nowMs);
    return row && { value: String(row['value']), version: Number(row['version']) };
  }

  /** As JSON: a key may contain the character at which SQLite ends a string. */
  #changed(key: string, nowMs: number): void {
    this.#forget.run(nowMs - CHANGES_KEPT_MS);
    this.#note.run(JSON.stringify(key), nowMs);
  }
}

function lookedAt(row: Record<string, unknown>): LookedRecord {
  const key = String(row['key']);
  return row['live'] === 1
    ? { key, value: String(row['value']), version: Number(row['version']) }
    : { key };
}
