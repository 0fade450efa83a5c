import {
  type Measured,
  type Metric,
  type Results,
  ratiosOf,
  valuesOf,
} from '../measure/results.ts';
import { median, spreadOf } from '../measure/statistics.ts';
import { CONTENDERS, loadOf } from './names.ts';
import { figure, printTable, spread } from './table.ts';
import { whereRows } from './where.ts';

const COLUMNS: readonly (readonly [Metric, string])[] = [
  ['perSecond', 'per second'],
  ['mainUs', 'CPU µs: main'],
  ['allUs', 'all threads'],
  ['serverUs', 'store’s server'],
  ['p50Ms', 'p50 ms'],
  ['p99Ms', 'p99 ms'],
  ['firstByteMs', 'first byte ms'],
  ['loadPercent', 'load busy %'],
];

/** Prints a table for each load: medians over the rounds, and ratios within rounds with their quartiles. */
export function printResults(results: Results): void {
  for (const [load, measured] of Object.entries(results)) {
    if (load === 'where') printWhere(measured);
    else printLoad(load, measured);
    console.log();
  }
}

function printLoad(load: string, measured: Measured): void {
  const { title, reference } = loadOf(load);
  const names = Object.keys(measured);
  const columns = COLUMNS.filter(([metric]) => names.some((name) => measured[name]?.[metric]));
  const rows = names.map((name) => {
    const ratios = ratiosOf(measured, name, reference, 'perSecond');
    const values = columns.map(([metric]) => figure(median(valuesOf(measured, name, metric))));
    return [CONTENDERS[name] ?? name, spread(spreadOf(ratios)), ...values];
  });
  printTable([title, `× ${reference}`, ...columns.map(([, heading]) => heading)], rows);
}

/** Prints where the main thread's time goes, by part of the program. */
function printWhere(measured: Measured): void {
  const names = Object.keys(measured);
  const heading = names.map((name) => `${CONTENDERS[name] ?? name}, µs`);
  printTable(['The main thread’s CPU time for a JSON response', ...heading], whereRows(measured));
}
