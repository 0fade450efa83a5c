import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CreditTable, Tables } from '../counting/tables.ts';
import { FileAccounts } from './file-accounts.ts';
import { FileHolds } from './file-holds.ts';

/** How long finished ids and credits are remembered. */
const RETENTION_MS = 3_600_000;

/** The tables of a file, used by one transaction after the other. */
export class FileTables implements Tables {
  readonly accounts: FileAccounts;
  readonly holds: FileHolds;
  readonly credits: CreditTable;
  readonly #readVersion: StatementSync;
  #version: unknown;

  constructor(database: DatabaseSync) {
    this.accounts = new FileAccounts(database);
    this.holds = new FileHolds(database);
    this.credits = creditTable(database);
    this.#readVersion = database.prepare('PRAGMA data_version');
  }

  /** What was read is valid while no other process writes. */
  begin(): void {
    const version = this.#readVersion.get()?.['data_version'];
    if (version !== this.#version) this.rollBack();
    this.#version = version;
  }

  commit(nowMs: number): void {
    this.accounts.writeChanged(nowMs);
    this.holds.sweep(nowMs - RETENTION_MS);
  }

  rollBack(): void {
    this.accounts.forget();
    this.holds.forget();
  }
}

/** `guard_gifts` is the stored name of credits. */
function creditTable(database: DatabaseSync): CreditTable {
  const find = database.prepare('SELECT 1 FROM guard_gifts WHERE id = ?');
  const add = database.prepare('INSERT INTO guard_gifts (id, at_ms) VALUES (?, ?)');
  const sweep = database.prepare('DELETE FROM guard_gifts WHERE at_ms < ?');
  return {
    has: (id) => find.get(id) !== undefined,
    add(id, nowMs) {
      sweep.run(nowMs - RETENTION_MS);
      add.run(id, nowMs);
    },
  };
}
