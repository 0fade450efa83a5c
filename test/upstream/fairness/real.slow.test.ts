import { describe, expect, it } from 'vitest';
import { figuresOf, problemsOf, type RunRecord } from '../../../bench/upstreams/real/figures.ts';
import { runScenario } from '../../../bench/upstreams/real/run-scenario.ts';
import { SCENARIOS } from '../../../bench/upstreams/real/scenarios.ts';
import { type RunStore, type StoreName, startStore } from '../../../bench/upstreams/real/stores.ts';

const SEED = 7;
const RUN_MS = 8_000;
const TEST_MS = 120_000;

/** Of 1,000 calls so many may be refused. Alone with its key, a guard is not refused at all. */
const REFUSED_PER_1000_MAX = 20;
/** One queue for all has 0.09, and one queue for each process 0.76. */
const JAIN_MIN = 0.85;

async function run(store: RunStore, name: string): Promise<RunRecord> {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new TypeError(`There is no scenario "${name}".`);
  console.log(`seed ${SEED}`);
  const settings = { place: store.newPlace(), seed: SEED, runMs: RUN_MS };
  return runScenario(scenario, settings);
}

const names = Object.keys(startStore) as StoreName[];

describe.each(names)('Four guards on %s and one limit of OpenAI', (name) => {
  it.each(['loaded, mixed', 'backlogged, mixed', 'loaded, no headers'])(
    'No call is lost, no refusal reaches a user, and the ledger is the invoice (%s)',
    { timeout: TEST_MS },
    async (scenario) => {
      await using store = await startStore[name]();
      if (store === undefined) return;
      const record = await run(store, scenario);
      const figures = figuresOf(record);
      expect(problemsOf(record)).toEqual([]);
      expect(figures.seen429s).toBe(0);
      const denials = new Set(record.calls.map(({ code }) => code));
      expect([...denials].filter((code) => !['', 'upstream_busy'].includes(code))).toEqual([]);
      const [, , { refused, accepted }] = record.upstream;
      expect((refused * 1_000) / accepted).toBeLessThan(REFUSED_PER_1000_MAX);
      if (scenario.startsWith('backlogged')) expect(figures.jain).toBeGreaterThan(JAIN_MIN);
    },
  );
});
