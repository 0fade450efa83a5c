import { RETRY_HINT_MS_MAX } from './header-times.ts';

/** Spread, so that processes that were refused together do not come back together. */
const JITTER_MS = 50;
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 30_000;

/**
 * When an upstream may be called again after it refused. A deadline is never shortened. Calls that left before
 * the latest pause began and are refused after it do not make it longer without a hint.
 */
export class Pauses {
  readonly #random: () => number;
  #untilMs = 0;
  #beganAtMs = Number.NEGATIVE_INFINITY;
  /** Refusals without a hint since the last answer. */
  #inRow = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get untilMs(): number {
    return this.#untilMs;
  }

  /** A call that left at `leftAtMs` was refused. Without a hint it pauses for 1 s, 2 s, 4 s, … 30 s. */
  refused(leftAtMs: number, hintMs: number | undefined, nowMs: number): void {
    if (hintMs === undefined) {
      if (leftAtMs < this.#beganAtMs) return;
      this.#begin(nowMs + this.#backoffMs(), nowMs);
    } else {
      this.#begin(nowMs + Math.min(hintMs + this.#random() * JITTER_MS, RETRY_HINT_MS_MAX), nowMs);
    }
  }

  /** A call that left at `leftAtMs` was answered. */
  answered(leftAtMs: number): void {
    if (leftAtMs >= this.#beganAtMs) this.#inRow = 0;
  }

  #begin(untilMs: number, nowMs: number): void {
    this.#beganAtMs = nowMs;
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  #backoffMs(): number {
    const longestMs = Math.min(BACKOFF_MS * 2 ** this.#inRow, BACKOFF_MS_MAX);
    this.#inRow = Math.min(this.#inRow + 1, 8);
    return longestMs * (0.75 + 0.25 * this.#random());
  }
}
