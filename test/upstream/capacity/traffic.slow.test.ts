import { describe, expect, it } from 'vitest';
import { runWithHeaders, runWithoutHeaders, WITH_HEADERS, WITHOUT_HEADERS } from './scenarios.ts';

const SEEDS = [1, 2, 3];
const MINUTES = 30;
const TIMEOUT_MS = 60_000;

describe.each(SEEDS)('With seed %d, while calls wait', (seed) => {
  it.each(WITH_HEADERS)(
    'an upstream that shows its limits is used whole and never above: $name',
    async (scenario) => {
      const outcome = await runWithHeaders(scenario, { seed, minutes: MINUTES });
      expect(outcome.used).toBeGreaterThan(0.99);
      expect(outcome.refusedPer1000).toBeLessThanOrEqual(1);
      expect(outcome.correctionsPerMinute).toBeLessThan(40);
    },
    TIMEOUT_MS,
  );

  it.each(WITHOUT_HEADERS)(
    'an upstream without limits in its answers is used nearly whole: $name',
    async (scenario) => {
      const outcome = await runWithoutHeaders(scenario, { seed, minutes: MINUTES });
      expect(outcome.used).toBeGreaterThan(scenario.usedMin);
      expect(outcome.refusedPerMinute).toBeLessThanOrEqual(scenario.refusedPerMinuteMax);
    },
    TIMEOUT_MS,
  );

  it(
    'the ledger is not corrected while estimates are exact',
    async () => {
      const exact = { name: 'estimates are exact' };
      const outcome = await runWithHeaders(exact, { seed, minutes: MINUTES });
      expect(outcome.correctionsPerMinute).toBeLessThan(1);
    },
    TIMEOUT_MS,
  );
});
