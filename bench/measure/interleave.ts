import type { Figures, Results } from './results.ts';

/** Something that is measured and compared with others. */
export interface Contender {
  readonly name: string;
  /** Brings it to full speed. Called once, before the first round. */
  warm(): Promise<void>;
  /** Measures one slice of each load, by the name of the load. */
  measure(): Promise<Readonly<Record<string, Figures>>>;
}

/**
 * Measures every contender in turn, round after round, so that all share the machine's good and bad moments
 * and a ratio within a round compares like with like.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Results> {
  for (const contender of contenders) await contender.warm();
  const results: Record<string, Record<string, Record<string, number[]>>> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure } of rotated(contenders, round)) {
      for (const [load, figures] of Object.entries(await measure())) {
        results[load] ??= {};
        results[load][name] ??= {};
        append(results[load][name], figures);
      }
    }
  }
  return results;
}

/** Rotates the order, so that the same contender does not start every round. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function append(series: Record<string, number[]>, figures: Figures): void {
  for (const [metric, value] of Object.entries(figures)) {
    if (value === undefined) continue;
    series[metric] ??= [];
    series[metric].push(value);
  }
}
