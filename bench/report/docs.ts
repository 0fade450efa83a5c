import { readFileSync, writeFileSync } from 'node:fs';
import { drawPlots } from '../growth/plots.ts';
import { withTables } from './docs-tables.ts';
import { FOLDER, savedCalls, savedGrowth } from './saved.ts';

/** Rewrites the tables of docs/speed.md, and its plots, from the figures that are saved. */
export function writeDocs(): void {
  const page = `${FOLDER}.md`;
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), savedCalls()));
  drawPlots(savedGrowth(), FOLDER);
}
