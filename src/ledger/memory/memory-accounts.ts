import { randomUUID } from 'node:crypto';
import { LedgerError } from '../../core/errors.ts';
import type { Amounts } from '../amounts.ts';
import { Account } from '../counting/account.ts';
import type { AccountTable } from '../counting/tables.ts';
import type { Claim } from '../ledger.ts';

/** A new account checks this many old ones, so that the table shrinks as fast as it grows. */
const SWEPT_PER_NEW = 4;
const SWEPT_WHEN_FULL = 16;

/** The accounts of this process: at most `max`, and the overflow. An account that counts anything
 * is never dropped. */
export class MemoryAccounts implements AccountTable {
  readonly #max: number;
  /** All accounts for which there is no room share this one. Its name cannot be guessed. */
  readonly #overflowKey = randomUUID();
  readonly #accounts = new Map<string, Account>();
  #sweeper = this.#accounts.entries();

  constructor(max: number) {
    this.#max = max;
  }

  find(key: string): Account | undefined {
    return this.#accounts.get(key);
  }

  keep(key: string, nowMs: number): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    this.#sweep(SWEPT_PER_NEW, nowMs);
    const account = new Account();
    account.isKept = true;
    this.#accounts.set(key, account);
    return account;
  }

  /** Returns the claims as they count: new accounts are replaced by the overflow if there is no
   * room for them. */
  placed(claims: readonly Claim[], nowMs: number): readonly Claim[] {
    if (!this.#isFull(nowMs)) return claims;
    return claims.map((claim) =>
      this.#has(claim) ? claim : { ...claim, account: this.#overflowKey },
    );
  }

  /** Returns the claims on which a credit counts. Accounts in the overflow get nothing. */
  ownOf(claims: readonly Claim[], amounts: Amounts, nowMs: number): readonly Claim[] {
    if (!this.#isFull(nowMs)) return claims;
    const isLost = (claim: Claim) => !this.#has(claim) && isCredit(amounts[claim.rule.unit]);
    if (!claims.some(isLost)) return claims.filter((claim) => this.#has(claim));
    throw new LedgerError('there is no room for one more account, so nothing was given');
  }

  clear(): void {
    this.#accounts.clear();
  }

  #has({ account }: Claim): boolean {
    return this.#accounts.has(account);
  }

  #isFull(nowMs: number): boolean {
    if (this.#accounts.size < this.#max) return false;
    this.#sweep(SWEPT_WHEN_FULL, nowMs);
    return this.#accounts.size >= this.#max;
  }

  #sweep(count: number, nowMs: number): void {
    for (let looked = 0; looked < count; looked += 1) {
      const next = this.#sweeper.next();
      if (next.done) {
        this.#sweeper = this.#accounts.entries();
        return;
      }
      const [key, account] = next.value;
      if (account.live > 0 || account.idleFromMs > nowMs) continue;
      account.isKept = false;
      this.#accounts.delete(key);
    }
  }
}

/** `Infinity` only forgives. */
const isCredit = (amount: number): boolean => amount > 0 && Number.isFinite(amount);
