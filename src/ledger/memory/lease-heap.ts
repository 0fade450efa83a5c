/** Something that ends by itself at a time that may still change. */
interface Leased {
  expiresAtMs: number;
  /** Its place in the heap, which the heap maintains; -1 if it is not in the heap. */
  heapIndex: number;
}

/** A binary heap by expiry: the next lease to end is found without a timer, and any lease can be
 * removed. */
export class LeaseHeap<Lease extends Leased> {
  readonly #leases: Lease[] = [];

  get size(): number {
    return this.#leases.length;
  }

  get next(): Lease | undefined {
    return this.#leases[0];
  }

  add(lease: Lease): void {
    this.#rise(lease, this.#leases.length);
  }

  remove(lease: Lease): void {
    const last = this.#leases.pop();
    if (last !== undefined && last !== lease) this.#settle(last, lease.heapIndex);
    lease.heapIndex = -1;
  }

  /** Must be called when a lease in the heap ends later than before. */
  postponed(lease: Lease): void {
    this.#sink(lease, lease.heapIndex);
  }

  clear(): void {
    this.#leases.length = 0;
  }

  #settle(lease: Lease, index: number): void {
    this.#rise(lease, index);
    this.#sink(lease, lease.heapIndex);
  }

  #rise(lease: Lease, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#leases[above];
      if (parent === undefined || parent.expiresAtMs <= lease.expiresAtMs) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(lease, index);
  }

  #sink(lease: Lease, from: number): void {
    let index = from;
    for (;;) {
      const child = this.#earlierChild(index);
      if (child === undefined || child.expiresAtMs >= lease.expiresAtMs) break;
      const below = child.heapIndex;
      this.#put(child, index);
      index = below;
    }
    this.#put(lease, index);
  }

  #earlierChild(index: number): Lease | undefined {
    const left = this.#leases[2 * index + 1];
    const right = this.#leases[2 * index + 2];
    if (left === undefined || right === undefined) return left;
    return right.expiresAtMs < left.expiresAtMs ? right : left;
  }

  #put(lease: Lease, index: number): void {
    this.#leases[index] = lease;
    lease.heapIndex = index;
  }
}
