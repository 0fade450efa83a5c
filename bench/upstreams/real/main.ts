/** Four processes, one store, one upstream with OpenAI's limits: waits, shares and refusals. */
import { parseArgs } from 'node:util';
import { figure, printTable } from '../../report/table.ts';
import { type Figures, figuresOf, problemsOf } from './figures.ts';
import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { type StoreName, startStore } from './stores.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const HEADING = [
  'store, scenario',
  'p50 gaps',
  'p95 gaps',
  'heavy p50',
  'Jain',
  'heavy ÷ fair',
  'used',
  '429 ‰',
  '429 before',
  'seen',
  'by ordinary',
  'verbs',
  'reserves',
  'ordinary denied',
];
const rows: string[][] = [];
for (const name of namedStores(positionals)) {
  await using store = await startStore[name]();
  if (store === undefined) continue;
  for (const scenario of SCENARIOS.filter((each) => each.name.includes(values.only))) {
    const run = await runScenario(scenario, {
      place: store.newPlace(),
      seed: Number(values.seed),
      runMs: Number(values.seconds) * 1_000,
    });
    rows.push([`${name}, ${scenario.name}`, ...cellsOf(figuresOf(run))]);
    console.log(rows.at(-1)?.join(' | '));
    for (const problem of problemsOf(run)) console.log(`  ${problem}`);
  }
}
printTable(HEADING, rows);

function namedStores(names: readonly string[]): readonly StoreName[] {
  const known = Object.keys(startStore) as StoreName[];
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}

function cellsOf(figures: Figures): string[] {
  return [
    figure(figures.ordinaryP50Gaps),
    figure(figures.ordinaryP95Gaps),
    figure(figures.heavyP50Ms, ' ms'),
    figures.jain.toFixed(3),
    figure(figures.heavyShare),
    figures.used.toFixed(3),
    figure(figures.refusedPer1000),
    String(figures.refusedInWarmUp),
    String(figures.seen429s),
    String(figures.seenByOrdinary),
    figure(figures.verbsPerCall),
    figure(figures.reservesPerCall),
    Object.entries(figures.ordinaryDenied)
      .map(([code, count]) => `${count} × ${code}`)
      .join(', '),
  ];
}
