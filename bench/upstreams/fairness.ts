/** The simulation of fair turns, as a table: `node bench/upstreams/fairness.ts [seeds]`. */
import { MORE_ROWS, missesOf, ROWS, type Row } from '../../test/upstream/fairness/rows.ts';
import { gapOf } from '../../test/upstream/fairness/scenario.ts';
import { simulate } from '../../test/upstream/fairness/simulation.ts';
import type { Report } from '../../test/upstream/fairness/tally.ts';
import { figure, printTable } from '../report/table.ts';

const SEEDS = Number(process.argv[2] ?? 3);

const HEADING = [
  'scenario',
  'p50 gaps',
  'p95 gaps',
  'Jain',
  'used %',
  '429 ‰',
  'unserved %',
  'reserves a call',
  'targets',
];

console.log(`One user at 50 times the load of each of 20 others, ${SEEDS} seeds.`);
console.log(
  'p50 and p95: waits of the 20 others, the mean of the seeds. The rest: the worst seed.\n',
);
const lines: string[][] = [];
for (const row of [...ROWS, ...MORE_ROWS]) lines.push(await lineOf(row));
printTable(HEADING, lines);

async function lineOf(row: Row): Promise<string[]> {
  const reports: Report[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) reports.push(await simulate(row.scenario, seed));
  const all = (of: (report: Report) => number) => reports.map(of);
  const gapMs = gapOf(row.scenario);
  const misses = reports.flatMap((report) => missesOf(report, row));
  return [
    row.name,
    figure(meanOf(all(({ ordinary }) => ordinary.p50)) / gapMs),
    figure(meanOf(all(({ ordinary }) => ordinary.p95)) / gapMs),
    Math.min(...all(({ jain }) => jain)).toFixed(3),
    figure(100 * Math.min(...all(({ used }) => used))),
    figure(Math.max(...all(({ refusalsPer1000 }) => refusalsPer1000))),
    figure(100 * Math.max(...all(({ ordinaryUnserved }) => ordinaryUnserved))),
    figure(Math.max(...all(({ reservesPerCall }) => reservesPerCall))),
    misses.length > 0 ? misses.join(', ') : MORE_ROWS.includes(row) ? '–' : 'met',
  ];
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
