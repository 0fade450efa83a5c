import type { HeaderOf } from '../queue/outlet.ts';
import { type CapacityLimit, keyOf, type LearnedLimits } from './capacity-limits.ts';
import { driftOf, isLarge, type LevelsAtStart } from './drift.ts';
import type { SeenLimit } from './limit-headers.ts';

interface Row {
  readonly limitName: string;
  readonly limitText: string;
  readonly remainingName: string;
  /** `undefined` if no claim is corrected by it. */
  readonly limit: CapacityLimit | undefined;
}

/** How long answers are compared only; then one is read in full, which may show another period or bucket. */
const KEPT_MS = 1_000;
const KEPT_EMPTY_MS = 100;

/** Finds answers that show what is known already: most of them, so that they cost half a microsecond. */
export class Glance {
  #rows: readonly Row[] = [];
  #untilMs = 0;

  /** An answer was read in full. */
  keep(
    seen: readonly SeenLimit[],
    known: LearnedLimits,
    binding: readonly CapacityLimit[],
    nowMs: number,
  ): void {
    this.#untilMs = nowMs + (seen.length > 0 ? KEPT_MS : KEPT_EMPTY_MS);
    this.#rows = seen.map((reading) => {
      const key = keyOf(reading, known);
      const limit = binding.find((each) => each.key === key && !each.isPaced);
      const { limit: limitName, remaining: remainingName } = reading.names;
      return { limitName, limitText: String(reading.limit), remainingName, limit };
    });
  }

  /** Whether the answer that was last read in full showed no limit. */
  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  forget(): void {
    this.#untilMs = 0;
  }

  /** Whether an answer shows the known limits and no large drift. `levels`: `undefined` to ignore drifts. */
  isKnown(header: HeaderOf, levels: LevelsAtStart | undefined, nowMs: number): boolean {
    if (nowMs >= this.#untilMs) return false;
    for (const { limitName, limitText, remainingName, limit } of this.#rows) {
      if (header(limitName) !== limitText) return false;
      if (levels === undefined || limit === undefined) continue;
      const amount = driftOf(limit, Number(header(remainingName)), levels);
      if (amount === undefined || isLarge(limit, amount)) return false;
    }
    return true;
  }
}
