import {
  type Measured,
  type Metric,
  type Results,
  ratiosOf,
  valuesOf,
} from '../measure/results.ts';
import { median } from '../measure/statistics.ts';
import { CONTENDERS } from './names.ts';
import { figure, markdownTable } from './table.ts';
import { whereRows } from './where.ts';

/** The tables of docs/speed.md, by the name in their marker. */
const TABLES: Readonly<Record<string, (results: Results) => string>> = {
  calls: callsTable,
  stores: storesTable,
  where: whereTable,
};

/** Fills the page's tables, each between `<!-- table: name -->` and `<!-- end -->`. */
export function withTables(page: string, results: Results): string {
  return page.replace(
    /(<!-- table: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) =>
      `${begin}${TABLES[name]?.(results) ?? ''}\n${end}`,
  );
}

const of = (measured: Measured, contender: string, metric: Metric, unit = ''): string =>
  figure(median(valuesOf(measured, contender, metric)), unit);

/** One row for each way to put OpenAI behind a server. */
function callsTable({ json = {}, streams = {} }: Results): string {
  const heading = [
    'between app and OpenAI',
    'requests/s',
    '× raw',
    'CPU per request',
    'added per request',
    'chunks/s',
    '× raw',
    'first byte',
  ];
  const toRaw = (measured: Measured, name: string) =>
    figure(median(ratiosOf(measured, name, 'raw', 'perSecond')));
  const rows = Object.keys(json)
    .filter((name) => name !== 'direct')
    .map((name) => [
      CONTENDERS[name] ?? name,
      of(json, name, 'perSecond'),
      toRaw(json, name),
      of(json, name, 'allUs', ' µs'),
      figure(addedMs(json, name), ' ms'),
      of(streams, name, 'perSecond'),
      toRaw(streams, name),
      of(streams, name, 'firstByteMs', ' ms'),
    ]);
  return markdownTable(heading, rows);
}

/** How much later a whole response arrives than from the stand-in for OpenAI itself. */
function addedMs(measured: Measured, name: string): number {
  const direct = valuesOf(measured, 'direct', 'p50Ms');
  const own = valuesOf(measured, name, 'p50Ms');
  return median(own.map((value, round) => value - (direct[round] ?? Number.NaN)));
}

/** The loads in the table of stores, as `[load, store]`. */
const STORE_LOADS = [
  ['memory 1', 'memory'],
  ['sqlite 32', 'SQLite (WAL, normal)'],
  ['redis 1', 'Redis'],
  ['redis 32', 'Redis'],
  ['redis 128', 'Redis'],
  ['postgres 1', 'Postgres (fsync)'],
  ['postgres 16', 'Postgres (fsync)'],
] as const;

/** What one call costs on each store: one reserve and one settle. */
function storesTable(results: Results): string {
  const heading = [
    'store',
    'calls in flight',
    'calls/s',
    'the same with a global limit',
    'CPU in the app',
    'CPU in the store',
    'p50',
    'one plain write/s',
  ];
  const rows = STORE_LOADS.map(([load, store]) => {
    const measured = results[load] ?? {};
    return [
      store,
      load.split(' ')[1] ?? '',
      of(measured, 'current', 'perSecond'),
      of(measured, 'current, global', 'perSecond'),
      of(measured, 'current', 'allUs', ' µs'),
      of(measured, 'current', 'serverUs', ' µs'),
      load.startsWith('memory') ? '–' : of(measured, 'current', 'p50Ms', ' ms'),
      of(measured, 'plain', 'perSecond'),
    ];
  });
  return markdownTable(heading, rows);
}

function whereTable({ where = {} }: Results): string {
  const heading = ['main thread, µs of CPU per request', 'raw', 'guard on node:http'];
  return markdownTable(heading, whereRows(where));
}
