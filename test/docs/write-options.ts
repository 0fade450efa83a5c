/** `node test/docs/write-options.ts`: writes the tables of docs/options.md from the docstrings of the options. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from './markdown.ts';
import { OPTIONS_PAGE, withOptionTables } from './options-page.ts';

writeFileSync(ROOT + OPTIONS_PAGE, withOptionTables(readFileSync(ROOT + OPTIONS_PAGE, 'utf8')));
