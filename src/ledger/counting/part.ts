import type { Balance, Rule, Violation } from '../ledger.ts';
import { Account, NOT_FOUND } from './account.ts';
import { type Counter, numberAt } from './counter.ts';
import { counterFor } from './counter-for.ts';

/** `held`: counts in flight. `charged`: its lease ended, and it was charged in full. `freed`: its
 * lease ended, and it was given back. */
export type Phase = 'held' | 'charged' | 'freed';

/** A part as a store keeps it, in any form that holds JSON. */
export interface StoredPart {
  /** The stored name of its account. The field has the name that stored rows have. */
  readonly subject: string;
  readonly rule: Rule;
  /** What it took. */
  readonly cost: number;
  readonly window: number;
  /** The cost of the call, if the rules that spill and the credits took it together. */
  readonly of?: number;
}

/** From `NOT_FOUND` on, these are the numbers of any counter that never counted. */
const NOWHERE = new Account([0.5, 0, 0, 0].fill(0));

/** What one claim takes, or what a hold took by it. During a verb it also knows where it counts. */
export class Part {
  /** Of its account. */
  readonly key: string;
  readonly counter: Counter;
  /** Of the call, in its unit. */
  readonly cost: number;
  /** What it takes of the cost: all of it, unless credits take the rest. */
  taken: number;
  /** The window that it was taken from. */
  window: number;
  account = NOWHERE;
  #at = 0;

  constructor(key: string, counter: Counter, cost: number, window = 0, taken = cost) {
    this.key = key;
    this.counter = counter;
    this.cost = cost;
    this.taken = taken;
    this.window = window;
  }

  static from({ subject, rule, cost: taken, window, of = taken }: StoredPart): Part {
    return new Part(subject, counterFor(rule), of, window, taken);
  }

  /** Returns a copy that does not count anywhere yet: for a verb that may be undone. */
  copy(): Part {
    return new Part(this.key, this.counter, this.cost, this.window, this.taken);
  }

  toJSON(): StoredPart {
    const { key, counter, cost, taken, window } = this;
    const stored = { subject: key, rule: counter.rule, cost: taken, window };
    return taken === cost ? stored : { ...stored, of: cost };
  }

  /** Finds where it counts. */
  locate(account: Account | undefined): void {
    this.#at = account === undefined ? NOT_FOUND : account.find(this.counter);
    this.account = account === undefined || this.#at === NOT_FOUND ? NOWHERE : account;
  }

  /** Whether it never counted. */
  get isNew(): boolean {
    return this.account === NOWHERE;
  }

  /** Makes it count on its account. Must be called before a change if the account may have grown. */
  open(account: Account): void {
    const at = account.find(this.counter);
    this.#at = at === NOT_FOUND ? account.add(this.counter) : at;
    this.account = account;
  }

  /** Returns what a call might take if nothing were held. */
  unused(nowMs: number): number {
    const { capacity, deniesAll } = this.counter;
    return deniesAll ? 0 : Math.max(capacity - this.#used(nowMs), 0);
  }

  /** Returns what a call may take now. */
  room(nowMs: number): number {
    return Math.max(this.unused(nowMs) - this.#held(), 0);
  }

  /** Whether the cost fits; with credits, whether it fits in both together. */
  fits(nowMs: number, credits?: Part): boolean {
    const { counter, cost } = this;
    if (credits !== undefined) return cost <= this.room(nowMs) + credits.room(nowMs);
    if (counter.deniesAll) return false;
    return cost === 0 || this.#used(nowMs) + this.#held() + cost <= counter.capacity;
  }

  /** Explains why the cost does not fit. */
  violation(nowMs: number, credits?: Part): Omit<Violation, 'claim'> {
    return this.#violation(this.cost - (credits?.room(nowMs) ?? 0), nowMs, credits);
  }

  /** Explains the same after it was taken: a window holds it by now, and a rate took nothing. */
  violationBefore(nowMs: number): Omit<Violation, 'claim'> {
    return this.#violation(this.counter.heldAt < 0 ? this.cost : 0, nowMs);
  }

  balance(nowMs: number): Balance {
    const { capacity, deniesAll } = this.counter;
    const used = this.#used(nowMs);
    const held = this.#held();
    return {
      used,
      held,
      remaining: Math.max(capacity - used - held, 0),
      resetsAtMs: deniesAll ? undefined : this.#fallsToAtMs(used - 1, nowMs),
    };
  }

  take(nowMs: number): void {
    const { counter, account, taken } = this;
    this.window = counter.open(account.numbers, this.#at, nowMs);
    if (counter.heldAt < 0) this.#add(taken, nowMs);
    else this.#hold(taken);
    account.live += 1;
    this.#touch(nowMs);
  }

  /** Ends it at what was used, or corrects it later: only the difference is added. */
  post(total: number, phase: Phase, nowMs: number): void {
    const { counter, taken } = this;
    const isHeldApart = counter.heldAt >= 0;
    if (phase === 'held') {
      if (isHeldApart) this.#hold(-taken);
      this.account.live -= 1;
    }
    const isCharged = phase === 'charged' || (phase === 'held' && !isHeldApart);
    const amount = isCharged ? total - taken : total;
    if (amount === 0) return;
    this.#add(amount, nowMs);
    // For other counters the window of the hold was noted then; a debt may have grown since.
    if (!isHeldApart) this.#touch(nowMs);
  }

  /** Gives its cost to the running window. `Infinity` forgives what was used there. */
  give(nowMs: number): void {
    const { counter, account, cost } = this;
    this.window = counter.open(account.numbers, this.#at, nowMs);
    if (cost === Number.POSITIVE_INFINITY) counter.forgive(account.numbers, this.#at, nowMs);
    else this.#add(-cost, nowMs);
    this.#touch(nowMs);
  }

  /** Returns what of a usage counts here: what exceeds the rules that spill counts on the credits. */
  shareOf(used: number): number {
    const { counter, cost, taken } = this;
    if (taken === cost) return used;
    return counter.isCredit ? Math.max(0, used - (cost - taken)) : Math.min(used, taken);
  }

  #violation(lacking: number, nowMs: number, credits?: Part): Omit<Violation, 'claim'> {
    const { counter, cost } = this;
    const unused = this.unused(nowMs) + (credits?.unused(nowMs) ?? 0);
    const hard = cost > unused || (counter.deniesAll && credits === undefined);
    if (counter.deniesAll) return { cost, hard, fitsAtMs: undefined };
    const target = counter.capacity - this.#held() - lacking;
    return { cost, hard, fitsAtMs: this.#fallsToAtMs(target, nowMs) };
  }

  #used(nowMs: number): number {
    return this.counter.used(this.account.numbers, this.#at, nowMs);
  }

  #held(): number {
    const { heldAt } = this.counter;
    return heldAt < 0 ? 0 : numberAt(this.account.numbers, this.#at + heldAt);
  }

  #fallsToAtMs(target: number, nowMs: number): number | undefined {
    return this.counter.fallsToAtMs(this.account.numbers, this.#at, target, nowMs);
  }

  #hold(amount: number): void {
    this.account.numbers[this.#at + this.counter.heldAt] = this.#held() + amount;
  }

  #add(amount: number, nowMs: number): void {
    const { account, window } = this;
    account.numbers = this.counter.add(account.numbers, this.#at, window, amount, nowMs);
  }

  #touch(nowMs: number): void {
    const { account } = this;
    account.countsUntil(this.counter.idleFromMs(account.numbers, this.#at, nowMs));
  }
}
