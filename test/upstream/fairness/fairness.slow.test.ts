import { describe, expect, it } from 'vitest';
import { missesOf, ROWS } from './rows.ts';
import { simulate } from './simulation.ts';

const SEEDS = Array.from({ length: 10 }, (_, at) => at + 1);

describe(`The simulation (seeds ${SEEDS[0]} to ${SEEDS.at(-1)})`, () => {
  it.each(ROWS)('users share a limit fairly: $name', { timeout: 300_000 }, async (row) => {
    for (const seed of SEEDS) {
      const misses = missesOf(await simulate(row.scenario, seed), row);
      expect(misses.map((miss) => `seed ${seed}, ${miss}`)).toEqual([]);
    }
  });
});
