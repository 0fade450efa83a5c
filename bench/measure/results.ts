/**
 * What is measured. CPU is in µs per call: of the main thread, of all threads, and of the store's
 * server. `perSecond` counts calls: responses, chunks, cycles or single commands. `loadPercent` is how
 * busy the load was on its core.
 */
export type Metric =
  | 'perSecond'
  | 'mainUs'
  | 'allUs'
  | 'serverUs'
  | 'p50Ms'
  | 'p99Ms'
  | 'firstByteMs'
  | 'loadPercent';

/** The figures of one contender in one slice of time. */
export type Figures = Readonly<Partial<Record<string, number>>>;

/** The figures of one contender, by metric, with one value for each round. */
export type Series = Readonly<Partial<Record<string, readonly number[]>>>;

/** The contenders of one load, by name, measured in turn within each round. */
export type Measured = Readonly<Record<string, Series>>;

/** All figures, by the name of the load. */
export type Results = Readonly<Record<string, Measured>>;

/** Returns one contender's values of a metric, one for each round. */
export function valuesOf(measured: Measured, contender: string, metric: string): readonly number[] {
  return measured[contender]?.[metric] ?? [];
}

/** Returns one contender's values ÷ another's, round by round. Empty if one of them has no such figure. */
export function ratiosOf(
  measured: Measured,
  contender: string,
  to: string,
  metric: string,
): readonly number[] {
  const others = valuesOf(measured, to, metric);
  const own = valuesOf(measured, contender, metric);
  return own.length === others.length
    ? own.map((value, round) => value / (others[round] ?? Number.NaN))
    : [];
}
