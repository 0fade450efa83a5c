import type { Figures, Measured } from '../measure/results.ts';
import { median } from '../measure/statistics.ts';

/** The cost at one size. The other fields are metrics. */
export interface Point extends Figures {
  readonly size: number;
}

/** One curve for each contender, by name. */
export type Curves = Readonly<Record<string, readonly Point[]>>;

/** The curves, by what grows. */
export type Growth = Readonly<Record<string, Curves>>;

const AT = ' at ';

/** Names a contender of one size, so that all sizes are measured in turn. */
export const nameAt = (curve: string, size: number): string => `${curve}${AT}${size}`;

/** Returns the medians over the rounds, as curves. */
export function curvesOf(measured: Measured): Curves {
  const curves: Record<string, Point[]> = {};
  for (const [name, series] of Object.entries(measured)) {
    const [curve = '', size] = name.split(AT);
    const figures = Object.entries(series).map(([metric, values = []]) => [metric, median(values)]);
    curves[curve] ??= [];
    curves[curve].push({ size: Number(size), ...Object.fromEntries(figures) });
  }
  for (const points of Object.values(curves)) points.sort((a, b) => a.size - b.size);
  return curves;
}
