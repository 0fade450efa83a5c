import { UserCounts } from './user-counts.ts';

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
  readonly #ofUsers = new UserCounts();
  #all = 0;

  constructor(bounds: DrainBounds) {
    this.#bounds = bounds;
  }

  /** Returns whether the user may have one more drain, and counts it. One `end` pairs with each. */
  begin(userId: string): boolean {
    if (this.#all >= this.#bounds.drains) return false;
    if (this.#ofUsers.of(userId) >= this.#bounds.drainsPerUser) return false;
    this.#all += 1;
    this.#ofUsers.add(userId);
    return true;
  }

  end(userId: string): void {
    this.#all -= 1;
    this.#ofUsers.remove(userId);
  }
}
