import { type Counter, type Numbers, numberAt, type Slot } from './counter.ts';

const IDLE_FROM_MS = 0;
const SECTIONS_FROM = 1;
/** A section begins with its slot (two numbers) and the count of the numbers that follow. */
const HEAD = 3;
const SECTIONS_MAX = 128;
/** A place where the numbers of a counter cannot begin. */
export const NOT_FOUND = 1;
const NEVER_COUNTED: Numbers = [0.5].fill(0);

/**
 * What one account has used and holds, as plain numbers that any store can keep: the time from which
 * nothing counts any more, then one section for each counter. Copies have no slack, so that an
 * account is small.
 */
export class Account {
  numbers: number[];
  /** How many parts of live holds count here. An account with any of them must be kept. */
  live: number;
  /** Set by the store: it keeps this account, with all changes from now on. */
  isKept = false;

  constructor(numbers: number[] = NEVER_COUNTED.slice(), live = 0) {
    this.numbers = numbers;
    this.live = live;
  }

  /** Returns an account with one counter. */
  static of({ slot }: Counter, numbers: Numbers): Account {
    return new Account([0, ...slot, numbers.length, ...numbers]);
  }

  get idleFromMs(): number {
    return numberAt(this.numbers, IDLE_FROM_MS);
  }

  countsUntil(idleFromMs: number): void {
    if (idleFromMs > this.idleFromMs) this.numbers[IDLE_FROM_MS] = idleFromMs;
  }

  /** Throws a `TypeError` if the account has as many counters as it may have. */
  assertRoom(): void {
    let sections = 0;
    for (let at = SECTIONS_FROM; at < this.numbers.length; at = this.#after(at)) sections += 1;
    if (sections < SECTIONS_MAX) return;
    throw new TypeError(`"claims" name more than ${SECTIONS_MAX} different rules for one account`);
  }

  /** Returns where the numbers of a counter begin; `NOT_FOUND` if it never counted here. */
  find(counter: Counter): number {
    const { slot, seenAt } = counter;
    return this.#isAt(seenAt, slot) ? seenAt + HEAD : this.#seek(counter);
  }

  /** Adds the section of a counter that was not found. Returns where its numbers begin. */
  add(counter: Counter): number {
    const { slot, width } = counter;
    counter.seenAt = this.numbers.length;
    this.numbers = this.numbers.concat([...slot, width, ...new Array<number>(width).fill(0)]);
    return counter.seenAt + HEAD;
  }

  #isAt(at: number, slot: Slot): boolean {
    const { numbers } = this;
    return at + 1 < numbers.length && numbers[at] === slot[0] && numbers[at + 1] === slot[1];
  }

  #seek(counter: Counter): number {
    for (let at = SECTIONS_FROM; at < this.numbers.length; at = this.#after(at)) {
      if (!this.#isAt(at, counter.slot)) continue;
      counter.seenAt = at;
      return at + HEAD;
    }
    return NOT_FOUND;
  }

  #after(at: number): number {
    return at + HEAD + numberAt(this.numbers, at + HEAD - 1);
  }
}
