/** How many calls of a process are on their way at most at first. */
const FIRST_WINDOW = 32;

/** Counts calls on their way, and how many may be while nothing is known: one more with each answer. */
export class SlowStart {
  #onTheWay = 0;
  #window = FIRST_WINDOW;

  get onTheWay(): number {
    return this.#onTheWay;
  }

  /** How many more calls may leave. */
  get room(): number {
    return Math.max(0, this.#window - this.#onTheWay);
  }

  left(): void {
    this.#onTheWay += 1;
  }

  answered(): void {
    this.#onTheWay -= 1;
    this.#window += 1;
  }

  /** A call ended without an answer that served it. */
  ended(): void {
    this.#onTheWay -= 1;
  }
}
