const SECONDS = 60;

/** How many calls this process has sent in the last minute and were not refused. */
export class SentLately {
  readonly #bySecond = new Array<number>(SECONDS).fill(0);
  #second = 0;

  /** Adds a call, or takes back one that was refused. */
  add(count: 1 | -1, nowMs: number): void {
    this.#moveTo(nowMs);
    const at = this.#second % SECONDS;
    this.#bySecond[at] = (this.#bySecond[at] ?? 0) + count;
  }

  total(nowMs: number): number {
    this.#moveTo(nowMs);
    return Math.max(
      0,
      this.#bySecond.reduce((sum, count) => sum + count, 0),
    );
  }

  #moveTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const from = Math.max(this.#second + 1, second - SECONDS + 1);
    for (let passed = from; passed <= second; passed += 1) this.#bySecond[passed % SECONDS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}
