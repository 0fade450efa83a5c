import { type Measured, type Results, ratiosOf, valuesOf } from '../measure/results.ts';
import { type Spread, spreadOf } from '../measure/statistics.ts';
import type { Target } from './targets.ts';

const METRIC = {
  'requests/s': 'perSecond',
  'chunks/s': 'perSecond',
  'verbs/s': 'perSecond',
  'cycles/s': 'perSecond',
  CPU: 'allUs',
  p50: 'p50Ms',
} as const;

/** The CPU times that are compared for each target. */
const CPU_METRICS = ['mainUs', 'allUs', 'serverUs'] as const;

/** How far a target is reached. */
export interface Outcome {
  readonly target: Target;
  /** Over the rounds, in the unit of the target. */
  readonly reached: Spread;
  /** The same by CPU time. For a target of speed, more is better. In µs if there is no ratio. */
  readonly byCpu: Readonly<Partial<Record<(typeof CPU_METRICS)[number], number>>>;
  readonly verdict: 'both met' | 'must met' | 'SHORT';
}

/** Returns `undefined` if this run has not measured what the target needs. */
export function outcomeOf(target: Target, results: Results): Outcome | undefined {
  const measured = results[target.load] ?? {};
  const values = compared(measured, target, METRIC[target.measure]);
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  const shown = target.shown?.of ?? ((value: number) => value);
  const reached = spreadOf(values.map(shown));
  return { target, reached, byCpu: cpuOf(measured, target), verdict: verdictOf(target, reached) };
}

function compared(measured: Measured, { of, to }: Target, metric: string): readonly number[] {
  return to === undefined ? valuesOf(measured, of, metric) : ratiosOf(measured, of, to, metric);
}

function cpuOf(measured: Measured, target: Target): Outcome['byCpu'] {
  const entries = CPU_METRICS.flatMap((metric) => {
    const values = compared(measured, target, metric);
    return values.length > 0 ? [[metric, cpuShown(target, spreadOf(values).median)] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Inverts the ratio for targets of speed: less CPU time is more speed. */
function cpuShown({ to, atLeast, shown, measure }: Target, ratio: number): number {
  if (to === undefined) return ratio;
  const likeSpeed = atLeast === undefined ? ratio : 1 / ratio;
  return measure === 'verbs/s' || measure === 'CPU' ? (shown?.of(likeSpeed) ?? ratio) : likeSpeed;
}

function verdictOf({ atLeast, atMost }: Target, { median }: Spread): Outcome['verdict'] {
  const meets = (index: 0 | 1) =>
    median >= (atLeast?.[index] ?? -Infinity) && median <= (atMost?.[index] ?? Infinity);
  if (!meets(0)) return 'SHORT';
  return meets(1) ? 'both met' : 'must met';
}
