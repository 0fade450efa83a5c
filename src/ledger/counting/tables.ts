import type { Account } from './account.ts';
import type { Ending, Hold } from './hold.ts';

/** What the verbs ask of a store. A table may throw; the store undoes what the verb did until then. */
export interface Tables {
  readonly accounts: AccountTable;
  readonly holds: HoldTable;
  readonly credits: CreditTable;
}

export interface AccountTable {
  /** To be looked at; `undefined` for a key that never counted. */
  find(key: string): Account | undefined;
  /** To be changed, and made if there is none. The store marks it as kept: it writes all changes from
   * now on, until it takes the mark away. */
  keep(key: string, nowMs: number): Account;
}

export interface HoldTable {
  /** A hold, or how it ended if no more is remembered of it. */
  find(id: string): Hold | Ending | undefined;
  add(hold: Hold): void;
  /** Its `expiresAtMs` or `dispatched` has changed. */
  renewed(hold: Hold): void;
  /** Its lease is over and its `phase` has changed. It may still be ended, once. */
  expired(hold: Hold, nowMs: number): void;
  /** Its `ending` has been set; no more than that must be remembered. */
  ended(hold: Hold, ending: Ending, nowMs: number): void;
  /** The first hold whose lease is over, until `expired` is told of it. */
  nextExpired(nowMs: number): Hold | undefined;
}

export interface CreditTable {
  has(id: string): boolean;
  add(id: string, nowMs: number): void;
}
