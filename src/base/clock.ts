/** The seam through which all time comes in, so that a test can own it. */
export interface Clock {
  /** Wall-clock time in Unix milliseconds; may jump when the machine's clock is set. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
