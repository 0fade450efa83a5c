/** The ids that ended last, in a ring: at most `max`, and only for `retentionMs` once others come. */
export class FinishedIds {
  readonly #places: number;
  readonly #retentionMs: number;
  readonly #forget: (id: string) => void;
  readonly #ids: string[] = [];
  readonly #endedAtMs: number[] = [];
  #first = 0;
  #end = 0;

  /** `forget` is called with each id that leaves the ring. */
  constructor(max: number, retentionMs: number, forget: (id: string) => void) {
    this.#places = max + 1;
    this.#retentionMs = retentionMs;
    this.#forget = forget;
  }

  add(id: string, nowMs: number): void {
    this.#ids[this.#end] = id;
    this.#endedAtMs[this.#end] = nowMs;
    this.#end = this.#after(this.#end);
    if (this.#end === this.#first) this.#forgetFirst();
    while (this.#first !== this.#end && this.#isFirstOver(nowMs)) this.#forgetFirst();
  }

  #isFirstOver(nowMs: number): boolean {
    return nowMs - (this.#endedAtMs[this.#first] ?? nowMs) >= this.#retentionMs;
  }

  #forgetFirst(): void {
    const id = this.#ids[this.#first];
    this.#first = this.#after(this.#first);
    if (id !== undefined) this.#forget(id);
  }

  #after(place: number): number {
    return place + 1 === this.#places ? 0 : place + 1;
  }
}
