import { Account } from '../counting/account.ts';
import type { AccountTable } from '../counting/tables.ts';
import type { Row } from './driver.ts';

export interface AccountRow {
  readonly key: string;
  readonly account: Account;
  /** True if no other transaction has seen it. */
  readonly isNew: boolean;
  /** No lease of a hold that counts here ends before. */
  dueMs: number;
}

/** The accounts of one transaction: rows that it has locked, and those that it makes. */
export class RowAccounts implements AccountTable {
  readonly #rows = new Map<string, AccountRow>();

  fetched(row: Row): void {
    const numbers = JSON.parse(String(row['body'])) as number[];
    const account = new Account(numbers, Number(row['state']));
    const key = String(row['name']);
    this.#rows.set(key, { key, account, isNew: false, dueMs: Number(row['until_ms']) });
  }

  get keys(): string[] {
    return [...this.#rows.keys()];
  }

  find(key: string): Account | undefined {
    return this.#rows.get(key)?.account;
  }

  keep(key: string): Account {
    const { account } = this.#rows.get(key) ?? this.#add(key);
    account.isKept = true;
    return account;
  }

  /** Whether a lease may be over. */
  isDue(nowMs: number): boolean {
    for (const { dueMs } of this.#rows.values()) if (dueMs <= nowMs) return true;
    return false;
  }

  /** All leases that were over have been found. The next is over at `dueMs`. */
  noneIsDue(nowMs: number, dueMs: number): void {
    for (const row of this.#rows.values()) {
      if (row.dueMs > nowMs) continue;
      row.dueMs = dueMs;
      row.account.isKept = true;
    }
  }

  /** Notes that a hold that counts here lives until then. */
  lives(key: string, untilMs: number): void {
    const row = this.#rows.get(key);
    if (row !== undefined) row.dueMs = Math.min(row.dueMs, untilMs);
  }

  /** Returns those to be written. They take no more changes. */
  takeChanged(): AccountRow[] {
    const changed = [...this.#rows.values()].filter(({ account }) => account.isKept);
    for (const { account } of changed) account.isKept = false;
    return changed;
  }

  #add(key: string): AccountRow {
    const row = { key, account: new Account(), isNew: true, dueMs: Number.POSITIVE_INFINITY };
    this.#rows.set(key, row);
    return row;
  }
}
