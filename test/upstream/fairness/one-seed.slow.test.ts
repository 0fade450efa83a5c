import { describe, expect, it } from 'vitest';
import { missesOf, ROWS } from './rows.ts';
import { withHeavyUser } from './scenario.ts';
import { simulate } from './simulation.ts';

/** More seeds are in fairness.slow.test.ts. */
const SEED = 1;

describe(`The simulation (seed ${SEED})`, () => {
  it.each(ROWS)(
    'Users share a limit fairly, and it is used whole and never passed: $name',
    async (row) => {
      expect(missesOf(await simulate(row.scenario, SEED), row)).toEqual([]);
    },
  );

  it('gives the same report for the same seed', async () => {
    const scenario = withHeavyUser(0.6, { processes: 4, warmUpMinutes: 1, minutes: 3 });
    expect(await simulate(scenario, SEED)).toEqual(await simulate(scenario, SEED));
  });
});
