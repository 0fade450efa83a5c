/** The rate of an upstream that says what it refuses and not what it allows. */
export interface PacedRate {
  readonly perMinute: number;
  /** It grows fast: nothing is known yet, or the upstream now allows more than when it refused. */
  readonly isSearching: boolean;
  /** The rate at the latest cut. */
  readonly refusedAt: number;
  /** Cuts since it last grew. */
  readonly cutsInRow: number;
  /** How often it was cut. A call that left before the latest cut cannot make another. */
  readonly cuts: number;
  /** When it was last cut, Unix ms. */
  readonly cutAtMs: number;
}

const CUT = 0.9;
const DEEP_CUT = 0.7;
const GENTLE_CUTS = 2;
/** A rate that is far too high is refused again as soon as the pause after the last refusal is over. */
const IN_ROW_MS = 10_000;
const PER_MINUTE_MIN = 1;
/** Growth while calls wait: by the minute, and by the second of a search. */
const GROWTH = 1.1;
const SEARCH_GROWTH = 1.03;
/** A rate so far above the one that was refused shows that the upstream allows more now. */
const SEARCHED_ABOVE = 1.1;
const STEP_MS = 6_000;
const SEARCH_STEP_MS = 1_000;
const MINUTE_MS = 60_000;

/** Returns the rate after the first refusal: what went through in the last minute, less a tenth. */
export function firstRate(lastMinute: number, cutAtMs: number): PacedRate {
  const perMinute = Math.max(PER_MINUTE_MIN, lastMinute * CUT);
  const refusedAt = perMinute / CUT;
  return { perMinute, isSearching: true, refusedAt, cutsInRow: 1, cuts: 1, cutAtMs };
}

/**
 * Returns the rate after the refusal of a call that left at the rate `leftAt`: a tenth less. It may be far too high,
 * after a search or when the upstream allows less than before. The third refusal in a row shows that.
 */
export function cutRate(rate: PacedRate, leftAt: number, cutAtMs: number): PacedRate {
  const { cuts } = rate;
  const cutsInRow = cutAtMs - rate.cutAtMs < IN_ROW_MS ? rate.cutsInRow : 0;
  const refusedAt = Math.min(rate.perMinute, leftAt);
  const factor = cutsInRow < GENTLE_CUTS ? CUT : DEEP_CUT;
  return {
    perMinute: Math.max(PER_MINUTE_MIN, refusedAt * factor),
    isSearching: false,
    refusedAt,
    cutsInRow: cutsInRow + 1,
    cuts: cuts + 1,
    cutAtMs,
  };
}

/**
 * Returns the rate after a call that waited has left, `elapsedMs` after the rate last changed; `undefined` for no
 * change yet. Time in which no call waited does not count, so that at most two steps are made at once.
 */
export function grownRate(rate: PacedRate, elapsedMs: number): PacedRate | undefined {
  const { perMinute } = rate;
  const isSearching = rate.isSearching || perMinute > rate.refusedAt * SEARCHED_ABOVE;
  const stepMs = isSearching ? SEARCH_STEP_MS : STEP_MS;
  if (elapsedMs < stepMs) return undefined;
  const countedMs = Math.min(elapsedMs, 2 * Math.max(stepMs, MINUTE_MS / perMinute));
  const factor = isSearching
    ? SEARCH_GROWTH ** (countedMs / SEARCH_STEP_MS)
    : GROWTH ** (countedMs / MINUTE_MS);
  const grown = Math.round(perMinute * factor * 1_000) / 1_000;
  return { ...rate, perMinute: grown, isSearching, cutsInRow: 0 };
}
