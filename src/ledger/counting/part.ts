import type { Balance, Rule, Violation } from '../ledger.ts';
import { Account, NOT_FOUND } from './account.ts';
import { type Counter, type Numbers, numberAt } from './counter.ts';
import { counterFor } from './counter-for.ts';

/** `held`: counts in flight. `charged`: its lease ended, and it was charged in full. `freed`: its
 * lease ended, and it was given back. */
export type Phase = 'held' | 'charged' | 'freed';

/** A part as a store keeps it, in any form that holds JSON. */
export interface StoredPart {
  /** The stored name of its account. The field has the name that stored rows have. */
  readonly subject: string;
  readonly rule: Rule;
  readonly cost: number;
  readonly window: number;
}

/** From `NOT_FOUND` on, these are the numbers of any counter that never counted. */
const NOWHERE = new Account([0.5, 0, 0, 0].fill(0));

/** What one claim takes, or what a hold took by it. During a verb it also knows where it counts. */
export class Part {
  /** Of its account. */
  readonly key: string;
  readonly counter: Counter;
  readonly cost: number;
  /** The window that it was taken from. */
  window: number;
  account = NOWHERE;
  #at = 0;

  constructor(key: string, counter: Counter, cost: number, window = 0) {
    this.key = key;
    this.counter = counter;
    this.cost = cost;
    this.window = window;
  }

  static from({ subject, rule, cost, window }: StoredPart): Part {
    return new Part(subject, counterFor(rule), cost, window);
  }

  /** Returns a copy that does not count anywhere yet: for a verb that may be undone. */
  copy(): Part {
    return new Part(this.key, this.counter, this.cost, this.window);
  }

  toJSON(): StoredPart {
    const { key, counter, cost, window } = this;
    return { subject: key, rule: counter.rule, cost, window };
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

  fits(nowMs: number): boolean {
    const { counter, cost } = this;
    const { capacity } = counter;
    if (counter.deniesAll) return false;
    return cost === 0 || this.#used(nowMs) + this.#held() + cost <= capacity;
  }

  violation(nowMs: number): Omit<Violation, 'claim'> {
    const { counter, cost } = this;
    const { capacity } = counter;
    if (counter.deniesAll) return { cost, hard: true, fitsAtMs: undefined };
    const hard = this.#used(nowMs) + cost > capacity;
    return { cost, hard, fitsAtMs: this.#fallsToAtMs(capacity - this.#held() - cost, nowMs) };
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
    const { counter, account, cost } = this;
    this.window = counter.open(account.numbers, this.#at, nowMs);
    if (counter.heldAt < 0) this.#add(cost, nowMs);
    else this.#hold(cost);
    account.live += 1;
    this.#touch(nowMs);
  }

  /** Ends it at what was used, or corrects it later: only the difference is added. */
  post(total: number, phase: Phase, nowMs: number): void {
    const { counter, cost } = this;
    const isHeldApart = counter.heldAt >= 0;
    if (phase === 'held') {
      if (isHeldApart) this.#hold(-cost);
      this.account.live -= 1;
    }
    const isCharged = phase === 'charged' || (phase === 'held' && !isHeldApart);
    const amount = isCharged ? total - cost : total;
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

/** Returns a part without a hold, for a store that decides by itself (Redis): with the numbers
 * that the store keeps for this counter, in the counter's order. */
export function partWith(counter: Counter, cost: number, numbers: Numbers): Part {
  const part = new Part('', counter, cost);
  part.locate(Account.of(counter, numbers));
  return part;
}

export function violationsOf(parts: readonly Part[], nowMs: number): Violation[] {
  const violations: Violation[] = [];
  let claim = 0;
  for (const part of parts) {
    if (!part.fits(nowMs)) violations.push({ claim, ...part.violation(nowMs) });
    claim += 1;
  }
  return violations;
}

export function balancesOf(parts: readonly Part[], nowMs: number): Balance[] {
  const balances: Balance[] = [];
  for (const part of parts) balances.push(part.balance(nowMs));
  return balances;
}
