/** Random choices that the same seed repeats (mulberry32, public domain). */
export interface Choices {
  /** Returns a number from 0 up to, but not including, 1. */
  next(): number;
  /** Returns an integer from `least` to `most`. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  of<Value>(values: readonly [Value, ...Value[]]): Value;
}

export function choices(...seeds: readonly number[]): Choices {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 1, 0x5eed);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    of: (values) => values[between(0, values.length - 1)] ?? values[0],
  };
}
