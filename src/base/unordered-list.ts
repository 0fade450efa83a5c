export interface Indexed {
  /** The place in the list. Only the list sets it. */
  index: number;
}

/**
 * Adds and removes items in constant time, in no order. A Set would keep its old tables linked, so that
 * removed items survive into the old generation of the heap (measured: bench/).
 */
export class UnorderedList<Item extends Indexed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Returns the current items. Later changes do not affect the result. */
  all(): readonly Item[] {
    return [...this.#items];
  }

  add(item: Item): void {
    item.index = this.#items.length;
    this.#items.push(item);
  }

  /** Moves the last item to the free place. An item that is not in the list is ignored. */
  remove(item: Item): void {
    if (this.#items[item.index] !== item) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    last.index = item.index;
    this.#items[item.index] = last;
  }
}
