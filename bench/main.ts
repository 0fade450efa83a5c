/** `npm run bench`. See bench/README.md for what it measures and how to read it. */
import { availableParallelism, loadavg } from 'node:os';
import { type Arguments, partsOf, readArguments } from './arguments.ts';
import { canPin } from './measure/cores.ts';
import type { Results } from './measure/results.ts';
import { QUICK, WHOLE } from './measure/settings.ts';
import { PARTS, type Part } from './parts.ts';
import { printResults } from './report/print-results.ts';
import { printTargets, targetsFor } from './report/print-targets.ts';
import { saveCalls } from './report/saved.ts';
import { extractBaseline } from './stores/baseline.ts';

// However this process ends, the servers that it started end with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const asked = readArguments();
introduce(asked);
if (asked.growth) await grow(asked);
else await bench(asked);

/** Loads the plotting code only when it is needed, since this process is also the load. */
async function grow(asked: Arguments): Promise<void> {
  await (await import('./growth/grow.ts')).grow(asked);
}

function introduce({ quick }: Arguments): void {
  const [load = 0] = loadavg();
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, load ${load.toFixed(1)} at the start`,
  );
  if (quick) console.log('A smoke run: its figures mean nothing.');
  if (!canPin)
    console.log('Cores cannot be assigned on this machine: load and contender share them.');
  console.log();
}

async function bench({ named, quick, save, against }: Arguments): Promise<void> {
  const parts = partsOf(PARTS, named).map((name): Part => PARTS[name]);
  const baseline = extractBaseline(against);
  if (baseline === undefined) warnOfBaseline(against);
  let results: Results = {};
  for (const part of parts) {
    const more = await part.run(quick ? QUICK : WHOLE, baseline);
    printResults(more);
    results = { ...results, ...more };
  }
  const targets = targetsFor(
    parts.flatMap(({ loads }) => loads),
    baseline !== undefined,
  );
  const missing = printTargets(targets, results);
  if (missing.length > 0) process.exitCode = 1;
  if (!save) return;
  saveCalls(results);
  (await import('./report/docs.ts')).writeDocs();
}

function warnOfBaseline(commit: string): void {
  console.log(`***** This clone has no commit ${commit}: nothing is compared with it. *****\n`);
}
