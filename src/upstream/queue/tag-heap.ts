/** Something with a place in virtual time. */
export interface TagHeapItem {
  /** Virtual time. Changed by `TagHeap.move` while it is in a heap. */
  tag: number;
  /** Of equal tags, the one with the smallest order is first. Changed as the tag is. */
  order: number;
  /** The place in the heap. Only the heap sets it. */
  index: number;
}

/** A binary heap by tag and order. An item may move both ways, and any item can be removed. */
export class TagHeap<Item extends TagHeapItem> {
  readonly #items: Item[] = [];

  /** The item that is before all others. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** All items, in no order. */
  get all(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    this.#rise(item, this.#items.length);
  }

  remove(item: Item): void {
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#rise(last, item.index);
      this.#sink(last, last.index);
    }
    item.index = -1;
  }

  move(item: Item, tag: number, order: number): void {
    item.tag = tag;
    item.order = order;
    this.#rise(item, item.index);
    this.#sink(item, item.index);
  }

  /** The two items right below an item of this heap. One of these is next if the items above are gone. */
  below({ index }: Item): readonly Item[] {
    return this.#items.slice(2 * index + 1, 2 * index + 3);
  }

  #rise(item: Item, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(item, index);
  }

  #sink(item: Item, from: number): void {
    let index = from;
    for (;;) {
      const child = this.#firstChild(index);
      if (child === undefined || !isBefore(child, item)) break;
      const below = child.index;
      this.#put(child, index);
      index = below;
    }
    this.#put(item, index);
  }

  #firstChild(index: number): Item | undefined {
    const left = this.#items[2 * index + 1];
    const right = this.#items[2 * index + 2];
    if (left === undefined || right === undefined) return left;
    return isBefore(right, left) ? right : left;
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item;
    item.index = index;
  }
}

const isBefore = (one: TagHeapItem, other: TagHeapItem): boolean =>
  one.tag < other.tag || (one.tag === other.tag && one.order < other.order);
