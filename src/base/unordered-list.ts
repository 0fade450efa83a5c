export interface Indexed {
  /** Its place in the list; the list's own. */
  index: number;
}

/**
 * Adds and removes in constant time, in no order. Not a Set: its outgrown tables stay linked, so that
 * what was in it would outlive the young generation (measured: bench/).
 */
export class UnorderedList<Item extends Indexed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** All that are in it now, whatever is added or removed meanwhile. */
  all(): readonly Item[] {
    return [...this.#items];
  }

  add(item: Item): void {
    item.index = this.#items.length;
    this.#items.push(item);
  }

  /** The last one takes the free place. An item that is not in the list is ignored. */
  remove(item: Item): void {
    if (this.#items[item.index] !== item) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    last.index = item.index;
    this.#items[item.index] = last;
  }
}
