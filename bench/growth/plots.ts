import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Growth, Point } from './curves.ts';
import { drawPlot, type Plot } from './draw-plot.ts';

/** The name and colour of each curve. The colours are visible on white and on black. */
const LOOKS: Readonly<Partial<Record<string, { name: string; color: string }>>> = {
  memory: { name: 'memory', color: '#10a37f' },
  redis: { name: 'Redis', color: '#d9480f' },
  postgres: { name: 'Postgres', color: '#4c6ef5' },
  raw: { name: 'raw proxy', color: '#868e96' },
  'guard-node': { name: 'guard', color: '#10a37f' },
};

/** CPU time of a call in all processes: the app's and the store's. */
const wholeUs = ({ allUs = Number.NaN, serverUs = 0 }: Point): number => allUs + serverUs;

/** The plots, by what grows. The key is also the name of the file. */
const PLOTS: Readonly<Record<string, Plot>> = {
  limits: {
    x: { label: 'limits per call', type: 'value' },
    panels: [
      { label: 'CPU per call, µs (app + store)', type: 'log', y: wholeUs },
      { label: 'memory per user, bytes', type: 'log', y: ({ userBytes }) => userBytes },
    ],
  },
  users: {
    x: { label: 'users', type: 'log' },
    panels: [
      { label: 'CPU per call, µs (app + store)', type: 'log', y: wholeUs },
      { label: 'memory per user, bytes', type: 'log', y: ({ userBytes }) => userBytes },
    ],
  },
  processes: {
    x: { label: 'processes', type: 'log', base: 2 },
    panels: [
      { label: 'calls per second, all processes', type: 'value', y: ({ perSecond }) => perSecond },
      { label: 'CPU per call, µs (app + store)', type: 'value', y: wholeUs },
    ],
  },
  streams: {
    x: { label: 'open streams', type: 'log' },
    panels: [
      { label: 'CPU per chunk, µs', type: 'value', y: ({ allUs }) => allUs },
      {
        label: 'memory per stream, kB',
        type: 'value',
        y: ({ streamBytes = Number.NaN }) => streamBytes / 1_000,
      },
    ],
  },
};

/** Returns the plots as SVG, by name. There is no plot of what has not been measured. */
export function plotsOf(growth: Growth): Readonly<Record<string, string>> {
  const drawn = Object.entries(PLOTS).flatMap(([axis, plot]) => {
    const curves = growth[axis];
    if (curves === undefined) return [];
    const lines = Object.entries(curves).flatMap(([curve, points]) => {
      const look = LOOKS[curve];
      return look ? [{ ...look, points }] : [];
    });
    return [[axis, drawPlot(plot, lines)] as const];
  });
  return Object.fromEntries(drawn);
}

/** Writes each plot as `<name>.svg`. */
export function drawPlots(growth: Growth, folder: string): void {
  for (const [name, svg] of Object.entries(plotsOf(growth))) {
    writeFileSync(join(folder, `${name}.svg`), svg);
  }
}
