/** How many calls may be drained at once. */
export interface DrainBounds {
  /** In this process. */
  readonly drains: number;
  /** Of one user, in this process. */
  readonly drainsPerUser: number;
}

/**
 * Bounds the drains: calls that are read to their end after their client left, to learn what they cost. A
 * call that cannot be drained is cut.
 */
export class Drains {
  readonly #bounds: DrainBounds;
  readonly #ofUsers = new Map<string, number>();
  #all = 0;

  constructor(bounds: DrainBounds) {
    this.#bounds = bounds;
  }

  /** Returns whether the user may have one more drain, and counts it. One `end` pairs with each. */
  begin(userId: string): boolean {
    const ofUser = this.#ofUsers.get(userId) ?? 0;
    if (this.#all >= this.#bounds.drains || ofUser >= this.#bounds.drainsPerUser) return false;
    this.#all += 1;
    this.#ofUsers.set(userId, ofUser + 1);
    return true;
  }

  end(userId: string): void {
    const left = (this.#ofUsers.get(userId) ?? 0) - 1;
    this.#all -= 1;
    if (left > 0) this.#ofUsers.set(userId, left);
    else this.#ofUsers.delete(userId);
  }
}
