/** The rate of an upstream that says what it refuses and not what it allows. */
export interface PacedRate {
  readonly perMinute: number;
  /** It grows fast until the second refusal. */
  readonly isSearching: boolean;
  /** How often it was cut. A call that left before the latest cut cannot make another. */
  readonly cuts: number;
}

const CUT = 0.9;
const PER_MINUTE_MIN = 1;
/** How much it grows while calls wait: by the minute, and by the second while it is searching. */
const GROWTH = 1.1;
const STEP_MS = 6_000;
const SEARCH_STEP_MS = 1_000;
const MINUTE_MS = 60_000;

/** Returns the rate after the first refusal: what went through in the last minute, less a tenth. */
export function firstRate(lastMinute: number): PacedRate {
  return { perMinute: Math.max(PER_MINUTE_MIN, lastMinute * CUT), isSearching: true, cuts: 1 };
}

/** Returns the rate after the refusal of a call that had left at the rate `leftAt`. */
export function cutRate({ perMinute, cuts }: PacedRate, leftAt: PacedRate): PacedRate {
  const refused = Math.min(perMinute, leftAt.perMinute);
  return {
    perMinute: Math.max(PER_MINUTE_MIN, refused * CUT),
    isSearching: false,
    cuts: cuts + 1,
  };
}

/**
 * Returns the rate after a call that waited has left, `elapsedMs` after the rate last changed; `undefined` for no
 * change yet. Time in which no call waited does not count, so that at most two steps are made at once.
 */
export function grownRate(rate: PacedRate, elapsedMs: number): PacedRate | undefined {
  const { perMinute, isSearching } = rate;
  const stepMs = isSearching ? SEARCH_STEP_MS : STEP_MS;
  if (elapsedMs < stepMs) return undefined;
  const countedMs = Math.min(elapsedMs, 2 * Math.max(stepMs, MINUTE_MS / perMinute));
  const grown = perMinute * GROWTH ** (countedMs / (isSearching ? SEARCH_STEP_MS : MINUTE_MS));
  return { ...rate, perMinute: Math.round(grown * 1_000) / 1_000 };
}
