/** Few, so that a store that has moved far away is noticed soon. */
const KEPT = 8;

/** How far away the store is: the fastest of the last round trips, because others may have waited
 * for locks. */
export class RoundTrips {
  readonly #latestMs: number[] = [];

  /** 0 before the first. */
  get fastestMs(): number {
    return this.#latestMs.length === 0 ? 0 : Math.min(...this.#latestMs);
  }

  async timed<T>(ask: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const answer = await ask();
    this.#latestMs.push(performance.now() - startMs);
    if (this.#latestMs.length > KEPT) this.#latestMs.shift();
    return answer;
  }
}
