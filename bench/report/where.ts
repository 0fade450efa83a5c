import type { Measured } from '../measure/results.ts';
import { figure } from './table.ts';

/** Returns the parts of a profile, largest first, with the µs that each takes in each contender. */
export function whereRows(measured: Measured): readonly (readonly string[])[] {
  const all = Object.values(measured);
  const parts = new Set(all.flatMap((series) => Object.keys(series)));
  const of = (part: string) => all.map((series) => series[part]?.[0] ?? 0);
  return [...parts]
    .sort((a, b) => Math.max(...of(b)) - Math.max(...of(a)))
    .map((part) => [part, ...of(part).map((us) => figure(us))]);
}
