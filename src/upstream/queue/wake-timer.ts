/** Runs a function after a number of milliseconds. Returns what cancels it. */
export type Schedule = (ms: number, run: () => void) => () => void;

/** The longest delay of `setTimeout`. */
const DELAY_MS_MAX = 2 ** 31 - 1;

export const scheduleByTimeout: Schedule = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** One timer that wakes at the earliest of the times that are set. It may wake earlier than that. */
export class WakeTimer {
  readonly #schedule: Schedule;
  readonly #onWake: () => void;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(schedule: Schedule, onWake: () => void) {
    this.#schedule = schedule;
    this.#onWake = onWake;
  }

  /** Wakes at `atMs`, Unix ms, or earlier. `Infinity` stops the timer. */
  wakeAt(atMs: number, nowMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) {
      this.stop();
      return;
    }
    if (atMs >= this.#wakesAtMs) return;
    this.stop();
    this.#wakesAtMs = atMs;
    const delayMs = Math.min(Math.max(1, Math.ceil(atMs - nowMs)), DELAY_MS_MAX);
    this.#cancel = this.#schedule(delayMs, () => this.#wake());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
  }

  #wake(): void {
    this.#cancel = undefined;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#onWake();
  }
}
