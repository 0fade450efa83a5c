import { describe, expect, it } from 'vitest';
import { figuresOf, problemsOf, type RunRecord } from '../../../bench/upstreams/real/figures.ts';
import { runScenario } from '../../../bench/upstreams/real/run-scenario.ts';
import { HEAVY, SCENARIOS, WITHOUT_HEADERS } from '../../../bench/upstreams/real/scenarios.ts';
import { type RunStore, type StoreName, startStore } from '../../../bench/upstreams/real/stores.ts';

const SEED = 7;
const RUN_MS = 8_000;
const TEST_MS = 120_000;

/** Of 1,000 calls so many may be refused. On a quiet machine, none is: the bench has the figures. */
const REFUSED_PER_1000_MAX = 50;
/** One queue for all has 0.09. The simulation has exact bounds, which no busy machine moves. */
const JAIN_MIN = 0.5;

async function run(store: RunStore, name: string): Promise<RunRecord> {
  const scenario = [...SCENARIOS, WITHOUT_HEADERS].find((each) => each.name === name);
  if (scenario === undefined) throw new TypeError(`There is no scenario "${name}".`);
  console.log(`seed ${SEED}`);
  const settings = { place: store.newPlace(), seed: SEED, runMs: RUN_MS };
  return runScenario(scenario, settings);
}

/** The codes of the calls that were denied for another reason than that they waited in vain. */
function codesOf({ calls }: RunRecord, isHeavy: boolean): string[] {
  const own = calls.filter(({ user }) => (user === HEAVY) === isHeavy);
  const codes = new Set(own.map(({ code }) => code));
  return [...codes].filter((code) => code !== '' && code !== 'upstream_busy');
}

const names = Object.keys(startStore) as StoreName[];
const WITH_HEADERS = ['loaded, mixed', 'backlogged, mixed'];

/** A rate that is found without headers takes a minute, and no store decides about it. */
const scenariosOn = (name: StoreName): readonly string[] =>
  name === 'redis' ? [...WITH_HEADERS, 'loaded, no headers'] : WITH_HEADERS;

describe.each(names)('Four guards on %s and one limit of OpenAI', (name) => {
  it.each(scenariosOn(name))(
    'No call is lost, no refusal reaches a user, and the ledger is the invoice (%s)',
    { timeout: TEST_MS },
    async (scenario) => {
      await using store = await startStore[name]();
      if (store === undefined) return;
      const record = await run(store, scenario);
      const figures = figuresOf(record);
      expect(figures.seen429s).toBe(0);
      // A store that a busy machine stops for seconds is the subject of other tests.
      if (record.guards.some(({ failed }) => failed.some((text) => /^ledger/.test(text)))) return;
      expect(problemsOf(record)).toEqual([]);
      expect(codesOf(record, false)).toEqual([]);
      // The heavy user also reaches `bounds.inFlightPerUser`, while no limit is known.
      expect(codesOf(record, true).filter((code) => code !== 'too_many_concurrent')).toEqual([]);
      const [, , { refused, accepted }] = record.upstream;
      expect((refused * 1_000) / accepted).toBeLessThan(REFUSED_PER_1000_MAX);
      if (scenario.startsWith('backlogged')) expect(figures.jain).toBeGreaterThan(JAIN_MIN);
    },
  );
});
