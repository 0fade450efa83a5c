import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../core/errors.ts';
import { migrateFromVersion1 } from './from-version-1.ts';

/** Grows with each change of the tables below. A file stores the version that wrote it. */
const SCHEMA_VERSION = 2;

/** 16 MB, so that pages that many calls write again and again go into the file itself once. */
const PAGES_PER_CHECKPOINT = 4_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS guard_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS guard_accounts (
    key TEXT PRIMARY KEY,
    numbers TEXT NOT NULL,
    live INTEGER NOT NULL,
    idle_from_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS guard_holds (
    id TEXT PRIMARY KEY,
    phase TEXT NOT NULL,
    dispatched INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    shares TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS guard_holds_by_expiry ON guard_holds (phase, expires_at_ms);
  CREATE TABLE IF NOT EXISTS guard_ended (
    id TEXT PRIMARY KEY,
    ending TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS guard_ended_by_time ON guard_ended (at_ms);
  CREATE TABLE IF NOT EXISTS guard_gifts (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS guard_records (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS guard_records_expiring
    ON guard_records (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS guard_changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  );
`;

interface FileSettings {
  readonly file: string;
  /** How long a verb waits for another process's transaction. */
  readonly busyMs: number;
  readonly durability: 'normal' | 'full';
}

/** Opens a ledger's file, and makes it if there is none. Throws a `LedgerError` with the reason if
 * it cannot. */
export function openFile({ file, busyMs, durability }: FileSettings): DatabaseSync {
  return named(file, () => {
    const database = new DatabaseSync(file);
    try {
      database.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL;`);
      database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_PER_CHECKPOINT};`);
      database.exec(`PRAGMA synchronous = ${durability}; PRAGMA foreign_keys = OFF;`);
      migrate(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Throws an error of SQLite as a failure of this store. */
export function named<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof LedgerError || error instanceof TypeError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new LedgerError(`the SQLite file "${file}": ${said}`, { cause: error });
  }
}

/** Safe to run again, and by several processes at once. */
function migrate(database: DatabaseSync): void {
  const read = () => Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (isCurrent(read())) return;
  database.exec('BEGIN IMMEDIATE');
  // Another process may have done it meanwhile.
  const found = read();
  if (!isCurrent(found)) {
    database.exec(SCHEMA);
    if (found === 1) migrateFromVersion1(database);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  }
  database.exec('COMMIT');
}

function isCurrent(version: number): boolean {
  if (version <= SCHEMA_VERSION) return version === SCHEMA_VERSION;
  throw new Error(
    `written by a later version of guarded-completion (schema ${version}, this one knows ${SCHEMA_VERSION}): update the package`,
  );
}
