import { describe, expect, it } from 'vitest';
import { runWithHeaders, runWithoutHeaders, WITH_HEADERS, WITHOUT_HEADERS } from './scenarios.ts';

/** All scenarios with more seeds and for longer are in traffic.slow.test.ts. */
const SEED = 1;
const HEADERLESS = WITHOUT_HEADERS.filter(({ processes }) => processes === 1);

describe('While calls wait, an upstream that shows its limits is used whole and never above', () => {
  it.each(WITH_HEADERS)(`$name (seed ${SEED})`, async (scenario) => {
    const outcome = await runWithHeaders(scenario, { seed: SEED, minutes: 2 });
    expect(outcome.used).toBeGreaterThan(0.93);
    expect(outcome.refusedPer1000).toBeLessThanOrEqual(1);
    expect(outcome.correctionsPerMinute).toBeLessThan(40);
  });
});

describe('While calls wait, an upstream without limits in its answers is used nearly whole', () => {
  it.each(HEADERLESS)(`$name (seed ${SEED})`, async (scenario) => {
    const outcome = await runWithoutHeaders(scenario, { seed: SEED, minutes: 9 });
    expect(outcome.used).toBeGreaterThan(scenario.usedMin);
    expect(outcome.refusedPerMinute).toBeLessThanOrEqual(scenario.refusedPerMinuteMax);
  });
});
