import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Growth } from '../growth/curves.ts';
import type { Results } from '../measure/results.ts';

/** Where the figures and plots of docs/speed.md are. */
export const FOLDER: string = fileURLToPath(new URL('../../docs/speed', import.meta.url));

const DIGITS = 4;

/** The figures of earlier runs. The tables and plots of docs/speed.md are made from them. */
export const savedCalls = (): Results => read('calls');
export const savedGrowth = (): Growth => read('growth');

/** Saves the loads that this run has measured, and keeps the others. */
export function saveCalls(results: Results): void {
  write('calls', { ...savedCalls(), ...results });
}

/** Saves the growth that this run has measured, and keeps the rest. */
export function saveGrowth(growth: Growth): void {
  write('growth', { ...savedGrowth(), ...growth });
}

function read<Saved>(name: string): Saved {
  const path = `${FOLDER}/${name}.json`;
  return JSON.parse(existsSync(path) ? readFileSync(path, 'utf8') : '{}') as Saved;
}

function write(name: string, figures: object): void {
  mkdirSync(FOLDER, { recursive: true });
  const round = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
  const text = JSON.stringify(figures, round, 2);
  // Each list of numbers, and each point of a curve, goes on one line.
  const lists = text.replace(/[[{]\s+(?:"\w+": )?[-\d][^[\]{}]*[\]}]/g, (list) =>
    list.replace(/\s+/g, ' '),
  );
  writeFileSync(`${FOLDER}/${name}.json`, `${lists}\n`);
}
