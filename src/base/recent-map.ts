/**
 * Keeps entries for at least `retentionMs`. If more than `max` arrive, the oldest half is dropped at
 * once. It is made of two maps that take turns, so that no entry is deleted on its own.
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

  /** Whether one more entry would drop others before `retentionMs`. */
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
