import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { Account } from '../counting/account.ts';
import type { AccountTable } from '../counting/tables.ts';

const USED_PER_SWEEP = 64;
/** Four for each account that was used, so that at most about a quarter of the rows count nothing. */
const LOOKED_AT_PER_USED = 4;
/** Larger than the users of a busy minute; about 1 kB each. */
const CACHED_MAX = 10_000;

/** The accounts of a file. They are read once while no other process writes, and written once a
 * transaction. */
export class FileAccounts implements AccountTable {
  readonly #find: StatementSync;
  readonly #write: StatementSync;
  readonly #findBound: StatementSync;
  readonly #sweepBetween: StatementSync;
  readonly #sweepFrom: StatementSync;
  /** The accounts of this transaction; they stay, however many they are. */
  readonly #loaded = new Map<string, Account>();
  readonly #cached = new LRUCache<string, Account>({ max: CACHED_MAX });
  /** The key up to which the last sweep looked. */
  #sweptUpTo = '';
  #usedSinceSweep = 0;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT numbers, live FROM guard_accounts WHERE key = ?');
    this.#write = database.prepare(
      `INSERT INTO guard_accounts (key, numbers, live, idle_from_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET numbers = excluded.numbers, live = excluded.live,
         idle_from_ms = excluded.idle_from_ms`,
    );
    // As bytes: a key may contain the character at which SQLite ends a string.
    this.#findBound = database.prepare(
      `SELECT CAST(key AS BLOB) AS bound FROM guard_accounts
       WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?`,
    );
    this.#sweepBetween = database.prepare(
      `DELETE FROM guard_accounts
       WHERE key > ? AND key <= ? AND live = 0 AND idle_from_ms <= ?`,
    );
    this.#sweepFrom = database.prepare(
      'DELETE FROM guard_accounts WHERE key > ? AND live = 0 AND idle_from_ms <= ?',
    );
  }

  find(key: string): Account | undefined {
    const loaded = this.#loaded.get(key);
    if (loaded !== undefined) return loaded;
    const account = this.#cached.get(key) ?? this.#load(key);
    if (account !== undefined) this.#loaded.set(key, account);
    return account;
  }

  /** They are kept until the transaction ends. */
  keep(key: string): Account {
    const account = this.find(key) ?? new Account();
    account.isKept = true;
    this.#loaded.set(key, account);
    return account;
  }

  /** Called at the end of a transaction. Accounts that no longer count anything are deleted as
   * others come. */
  writeChanged(nowMs: number): void {
    for (const [key, account] of this.#loaded) {
      const { isKept, numbers, live, idleFromMs } = account;
      if (isKept) this.#write.run(key, JSON.stringify(numbers), live, Math.ceil(idleFromMs));
      account.isKept = false;
      this.#cached.set(key, account);
    }
    this.#usedSinceSweep += this.#loaded.size;
    this.#loaded.clear();
    if (this.#usedSinceSweep >= USED_PER_SWEEP) this.#sweep(nowMs);
  }

  /** Another process may have changed what was read, or it was never written. */
  forget(): void {
    this.#loaded.clear();
    this.#cached.clear();
  }

  /** Goes round all accounts, some at a time: an index by time would have to be written on each
   * use. If a deleted account is still cached, the cached one counts nothing either. */
  #sweep(nowMs: number): void {
    const looked = LOOKED_AT_PER_USED * this.#usedSinceSweep;
    this.#usedSinceSweep = 0;
    const found = this.#findBound.get(this.#sweptUpTo, looked)?.['bound'];
    const bound = found && Buffer.from(found as Uint8Array).toString();
    if (bound) this.#sweepBetween.run(this.#sweptUpTo, bound, nowMs);
    else this.#sweepFrom.run(this.#sweptUpTo, nowMs);
    this.#sweptUpTo = bound || '';
  }

  #load(key: string): Account | undefined {
    const row = this.#find.get(key);
    if (row === undefined) return undefined;
    return new Account(JSON.parse(String(row['numbers'])) as number[], Number(row['live']));
  }
}
