import type { Outlet } from './outlet.ts';
import type { Waiter } from './waiter.ts';

/** The waiting calls by deadline. New calls come in this order, so that adding one takes constant time. */
export class Deadlines<O extends Outlet> {
  #first: Waiter<O> | undefined;
  #last: Waiter<O> | undefined;

  /** The call whose deadline is next. */
  get first(): Waiter<O> | undefined {
    return this.#first;
  }

  add(waiter: Waiter<O>): void {
    let sooner = this.#last;
    while (sooner !== undefined && sooner.deadlineMs > waiter.deadlineMs) sooner = sooner.sooner;
    const later = sooner === undefined ? this.#first : sooner.later;
    this.#link(sooner, waiter);
    this.#link(waiter, later);
  }

  remove(waiter: Waiter<O>): void {
    this.#link(waiter.sooner, waiter.later);
    waiter.sooner = undefined;
    waiter.later = undefined;
  }

  #link(sooner: Waiter<O> | undefined, later: Waiter<O> | undefined): void {
    if (sooner === undefined) this.#first = later;
    else sooner.later = later;
    if (later === undefined) this.#last = sooner;
    else later.sooner = sooner;
  }
}
