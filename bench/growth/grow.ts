import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arguments, partsOf } from '../arguments.ts';
import { writeDocs } from '../report/docs.ts';
import { saveGrowth } from '../report/saved.ts';
import { figure, printTable } from '../report/table.ts';
import type { Curves } from './curves.ts';
import { byLimits, byUsers } from './cycles.ts';
import { type GrowthSettings, QUICK_GROWTH, WHOLE_GROWTH } from './growth-settings.ts';
import { drawPlots } from './plots.ts';
import { byProcesses } from './processes.ts';
import { byStreams } from './streams.ts';

/** What grows, each measured alone. */
const AXES = {
  limits: byLimits,
  users: byUsers,
  processes: byProcesses,
  streams: byStreams,
} satisfies Readonly<Record<string, (settings: GrowthSettings) => Promise<Curves>>>;

/** Measures how cost grows, and draws it: into docs/ with `save`, otherwise into a new folder. */
export async function grow({ named, quick, save }: Arguments): Promise<void> {
  const growth: Record<string, Curves> = {};
  for (const axis of partsOf(AXES, named)) {
    const curves = await AXES[axis](quick ? QUICK_GROWTH : WHOLE_GROWTH);
    printCurves(axis, curves);
    growth[axis] = curves;
  }
  if (save) {
    saveGrowth(growth);
    writeDocs();
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'growth-'));
  drawPlots(growth, folder);
  console.log(`Plots: ${folder}`);
}

function printCurves(axis: string, curves: Curves): void {
  for (const [name, points] of Object.entries(curves)) {
    const metrics = [...new Set(points.flatMap((point) => Object.keys(point)))];
    const rows = points.map((point) => metrics.map((metric) => figure(point[metric])));
    printTable([`${name}, by ${axis}: size`, ...metrics.slice(1)], rows);
    console.log();
  }
}
