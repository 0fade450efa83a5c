import { RETRY_HINT_MS_MAX } from './header-times.ts';

/** Spread, so that processes that were refused together do not come back together. */
const JITTER_MS = 50;
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 30_000;

/** A refusal, as the pause after it depends on it. */
interface UpstreamPause {
  readonly leftAtMs: number;
  readonly status: number;
  readonly hintMs: number | undefined;
  readonly nowMs: number;
}

/**
 * When an upstream may be called again after it refused. A deadline is never shortened. Calls that left before
 * the latest pause began and are refused after it do not make it longer without a hint.
 */
export class Pauses {
  readonly #random: () => number;
  #untilMs = 0;
  #beganAtMs = Number.NEGATIVE_INFINITY;
  /** Times that it was overloaded since the last answer. */
  #inRow = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Unix ms. 0 if it is further ahead than any pause is long: then the clock was set back. */
  untilMs(nowMs: number): number {
    return this.#untilMs <= nowMs + RETRY_HINT_MS_MAX ? this.#untilMs : 0;
  }

  /**
   * A call that left at `leftAtMs` was refused. Without a hint a 429 pauses for 1 s, and an overloaded upstream for
   * 1 s, 2 s, 4 s, … 30 s.
   */
  refused({ leftAtMs, status, hintMs, nowMs }: UpstreamPause): void {
    if (hintMs !== undefined) {
      this.#begin(nowMs + Math.min(hintMs + this.#random() * JITTER_MS, RETRY_HINT_MS_MAX), nowMs);
    } else if (leftAtMs > this.#beganAtMs) {
      this.#begin(nowMs + this.#backoffMs(status === 429), nowMs);
    }
  }

  /** A call that left at `leftAtMs` was answered. */
  answered(leftAtMs: number): void {
    if (leftAtMs > this.#beganAtMs) this.#inRow = 0;
  }

  #begin(untilMs: number, nowMs: number): void {
    this.#beganAtMs = nowMs;
    this.#untilMs = Math.max(this.untilMs(nowMs), untilMs);
  }

  #backoffMs(isForRate: boolean): number {
    const longestMs = isForRate
      ? BACKOFF_MS
      : Math.min(BACKOFF_MS * 2 ** this.#inRow++, BACKOFF_MS_MAX);
    return longestMs * (0.75 + 0.25 * this.#random());
  }
}
