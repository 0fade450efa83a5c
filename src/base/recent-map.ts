/**
 * Remembers entries for at least `retentionMs`, unless more than `max` come: then the oldest half is
 * forgotten at once. Two maps that take turns, so that nothing is ever deleted one by one.
 */
export class RecentMap<Value> {
  readonly #max: number;
  readonly #retentionMs: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #turnedAtMs = 0;

  constructor(max: number, retentionMs: number) {
    this.#max = max;
    this.#retentionMs = retentionMs;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    if (this.size === 0) return undefined;
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: Value, nowMs: number): void {
    if (this.#young.size >= this.#max / 2 || this.#isOver(nowMs)) this.#turn(nowMs);
    this.#young.set(key, value);
  }

  /** Whether one more entry would push out others before their time. */
  isFull(nowMs: number): boolean {
    return this.#young.size >= this.#max / 2 && !this.#isOver(nowMs);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #isOver(nowMs: number): boolean {
    return nowMs - this.#turnedAtMs >= this.#retentionMs;
  }

  #turn(nowMs: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAtMs = nowMs;
  }
}
