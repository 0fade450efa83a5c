/** How many of something each user has now. A user who has none takes no memory. */
export class UserCounts {
  readonly #counts = new Map<string, number>();

  of(userId: string): number {
    return this.#counts.get(userId) ?? 0;
  }

  add(userId: string, count = 1): void {
    this.#counts.set(userId, this.of(userId) + count);
  }

  remove(userId: string, count = 1): void {
    const left = this.of(userId) - count;
    if (left > 0) this.#counts.set(userId, left);
    else this.#counts.delete(userId);
  }
}
