import { objectWith } from './option-schema.ts';

/** The source of all wall-clock time. A test can replace it. */
export interface Clock {
  /** Wall-clock time in Unix milliseconds. It can jump when the machine's clock is set. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** The schema of an option that replaces the clock. */
export const clockSchema = objectWith<Clock>(['nowMs'], 'must have a function "nowMs"');
