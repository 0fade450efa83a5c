/**
 * `npm run structure -- [folder …]`: measures TypeScript trees with the parser, and prints one table with a
 * column for each; `src` if none is named. The folder `test` beside a tree holds its tests.
 */
import { join } from 'node:path';
import { markdownTable } from '../report/table.ts';
import { measure } from './measure.ts';
import { details, ROWS } from './rows.ts';

const folders = process.argv.length > 2 ? process.argv.slice(2) : ['src'];
const measured = folders.map((folder) => measure(folder, join(folder, '../test')));
const rows = ROWS.map(([name, write]) => [name, ...measured.map(write)]);
console.log(markdownTable(['', ...folders], rows));
for (const [at, structure] of measured.entries()) {
  console.log(`\n${folders[at]}\n`);
  for (const line of details(structure)) console.log(`- ${line}`);
}
