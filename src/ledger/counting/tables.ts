import type { Account } from './account.ts';
import type { Ending, Hold } from './hold.ts';

/** What the verbs need from a store. A table may throw; then the store undoes what the verb did
 * until then. */
export interface Tables {
  readonly accounts: AccountTable;
  readonly holds: HoldTable;
  readonly credits: CreditTable;
}

export interface AccountTable {
  /** Returns an account to read; `undefined` for a key that never counted. */
  find(key: string): Account | undefined;
  /** Returns an account to change, and makes it if there is none. The store marks it as kept: it
   * writes all changes from now on, until it removes the mark. */
  keep(key: string, nowMs: number): Account;
}

export interface HoldTable {
  /** Returns a hold, or how it ended if nothing else is remembered. */
  find(id: string): Hold | Ending | undefined;
  add(hold: Hold): void;
  /** Its `expiresAtMs` or `dispatched` has changed. */
  renewed(hold: Hold): void;
  /** Its lease is over and its `phase` has changed. It may still be ended, once. */
  expired(hold: Hold, nowMs: number): void;
  /** Its `ending` was set. Only that must be remembered. */
  ended(hold: Hold, ending: Ending, nowMs: number): void;
  /** Returns the first hold whose lease is over, until `expired` is called with it. */
  nextExpired(nowMs: number): Hold | undefined;
}

export interface CreditTable {
  has(id: string): boolean;
  add(id: string, nowMs: number): void;
}
