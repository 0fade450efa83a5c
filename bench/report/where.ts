import type { Measured } from '../measure/results.ts';
import { figure } from './table.ts';

/** The parts of a profile, the largest first, and what each takes in each contender, in µs. */
export function whereRows(measured: Measured): readonly (readonly string[])[] {
  const all = Object.values(measured);
  const parts = new Set(all.flatMap((series) => Object.keys(series)));
  const of = (part: string) => all.map((series) => series[part]?.[0] ?? 0);
  return [...parts]
    .sort((a, b) => Math.max(...of(b)) - Math.max(...of(a)))
    .map((part) => [part, ...of(part).map((us) => figure(us))]);
}
