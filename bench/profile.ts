import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContenderName, startContender } from './contender-process.ts';
import { pinLoad } from './cores.ts';
import { frameRate, requestRate } from './load.ts';
import { figure, printTable } from './table.ts';
import { startUpstream } from './upstream.ts';

/**
 * `node bench/profile.ts guard-node [--stream]`: where a contender's time goes, by function, in µs of
 * CPU per request (or per chunk). Leaves the whole profile for Chrome's DevTools.
 */
const WARM_MS = 2_000;
const PROFILED_MS = 6_000;
const ROWS = 60;

const [name = 'guard-node'] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isStream = process.argv.includes('--stream');
const directory = mkdtempSync(join(tmpdir(), 'profile-'));

pinLoad();
const upstream = await startUpstream();
const contender = await startContender(name as ContenderName, upstream.port, [
  '--cpu-prof',
  `--cpu-prof-dir=${directory}`,
]);
const load = (ms: number) =>
  isStream ? frameRate(contender, upstream, ms) : requestRate(contender, ms);
await load(WARM_MS);
const { perSecond, cpuMicrosecondsEach } = await load(PROFILED_MS);
await contender.stop();
upstream.close();

const [file = ''] = readdirSync(directory);
const path = join(directory, file);
console.log(
  `${name}: ${figure(perSecond)}/s, ${figure(cpuMicrosecondsEach)} µs of CPU each\n${path}\n`,
);
printSelfTimes(JSON.parse(readFileSync(path, 'utf8')), cpuMicrosecondsEach);

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  readonly samples: readonly number[];
}

/** Idle moments left out, the samples share out the CPU time. */
function printSelfTimes({ nodes, samples }: Profile, microseconds: number): void {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const counts = new Map<string, number>();
  for (const id of samples) {
    const place = nameOf.get(id) ?? '';
    if (place !== '(idle)') counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const rows = [...counts].sort(([, a], [, b]) => b - a).slice(0, ROWS);
  printTable(
    ['self time', 'µs', '%'],
    rows.map(([place, count]) => [
      place,
      figure((count / all) * microseconds),
      figure((count / all) * 100),
    ]),
  );
}

function placeOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName || '(native)';
  const file = url.replace(/^.*\/(?=node_modules\/)|^.*\/(?=src\/)|^.*\/(?=bench\/)/, '');
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}
