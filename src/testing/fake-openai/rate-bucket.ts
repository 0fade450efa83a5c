/** What sums of fractions may be off. */
const ROUNDING = 1e-6;

/** A bucket that refills continuously, as OpenAI's limits do: `limit` in each `periodMs`. */
export class RateBucket {
  readonly limit: number;
  readonly #perMs: number;
  /** The most that it gives at once. */
  readonly #size: number;
  /** The part of the refill that others take. */
  #foreign = 0;
  #used: number;
  #asOfMs: number;
  #usedMax = 0;

  constructor(
    limit: number,
    spans: { readonly periodMs: number; readonly burstMs: number },
    start: { readonly nowMs: number; readonly used: number },
  ) {
    this.limit = limit;
    this.#perMs = limit / spans.periodMs;
    this.#size = Math.min(limit, this.#perMs * spans.burstMs);
    this.#used = start.used * this.#size;
    this.#asOfMs = start.nowMs;
  }

  /** The largest part of the bucket that was ever taken. */
  get usedMax(): number {
    return this.#usedMax / this.#size;
  }

  /** What is taken and not refilled yet. */
  usedAt(nowMs: number): number {
    const change = (nowMs - this.#asOfMs) * this.#perMs * (this.#foreign - 1);
    return Math.min(Math.max(this.#used + change, 0), this.#size);
  }

  /** Whether it could ever give so much. */
  everFits(amount: number): boolean {
    return amount <= this.#size;
  }

  /** How long until it can give so much, if others take nothing; 0 for now. */
  fitsInMs(amount: number, nowMs: number): number {
    const missing = this.usedAt(nowMs) + amount - this.#size;
    return missing > ROUNDING ? missing / this.#perMs : 0;
  }

  /** How long until it is full, if others take nothing. */
  fullInMs(nowMs: number): number {
    return this.usedAt(nowMs) / this.#perMs;
  }

  /** Takes so much. It must fit. */
  take(amount: number, nowMs: number): void {
    this.#set(this.usedAt(nowMs) + amount, nowMs);
  }

  foreign(share: number, nowMs: number): void {
    this.#set(this.usedAt(nowMs), nowMs);
    this.#foreign = share;
  }

  #set(used: number, nowMs: number): void {
    this.#used = Math.min(used, this.#size);
    this.#asOfMs = nowMs;
    this.#usedMax = Math.max(this.#usedMax, this.#used);
  }
}
