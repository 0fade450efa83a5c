import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Growth, Point } from './curves.ts';
import { drawPlot, type Plot } from './draw-plot.ts';

/** How each curve looks; the colours stand out from white and from black. */
const LOOKS: Readonly<Partial<Record<string, { name: string; color: string }>>> = {
  memory: { name: 'memory', color: '#10a37f' },
  redis: { name: 'Redis', color: '#d9480f' },
  postgres: { name: 'Postgres', color: '#4c6ef5' },
  raw: { name: 'raw proxy', color: '#868e96' },
  'guard-node': { name: 'guard', color: '#10a37f' },
};

/** All processes that work on a call: the app's and the store's. */
const wholeUs = ({ allUs = Number.NaN, serverUs = 0 }: Point): number => allUs + serverUs;

/** By the axis that grows, which is also the name of the file. */
const PLOTS: Readonly<Record<string, Plot>> = {
  limits: {
    x: { label: 'limits of a call', type: 'value' },
    panels: [
      { label: 'CPU of a call, µs (app + store)', type: 'log', y: wholeUs },
      { label: 'memory of a user, bytes', type: 'log', y: ({ userBytes }) => userBytes },
    ],
  },
  users: {
    x: { label: 'users', type: 'log' },
    panels: [
      { label: 'CPU of a call, µs (app + store)', type: 'log', y: wholeUs },
      { label: 'memory of a user, bytes', type: 'log', y: ({ userBytes }) => userBytes },
    ],
  },
  processes: {
    x: { label: 'processes', type: 'log', base: 2 },
    panels: [
      { label: 'calls a second, all processes', type: 'value', y: ({ perSecond }) => perSecond },
      { label: 'CPU of a call, µs (app + store)', type: 'value', y: wholeUs },
    ],
  },
  streams: {
    x: { label: 'open streams', type: 'log' },
    panels: [
      { label: 'CPU of a chunk, µs', type: 'value', y: ({ allUs }) => allUs },
      {
        label: 'memory of a stream, kB',
        type: 'value',
        y: ({ streamBytes = Number.NaN }) => streamBytes / 1_000,
      },
    ],
  },
};

/** The plots as SVG, by name; of what has not been measured there is none. */
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
