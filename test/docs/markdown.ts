import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../../bench/structure/files-below.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  readonly language: string;
  readonly code: string;
}

/** Every page of documentation, by its path from the root. */
export const pages: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...pagesBelow('src'),
  ...pagesBelow('examples'),
  ...pagesBelow('docs'),
];

function pagesBelow(folder: string): string[] {
  if (!existsSync(ROOT + folder)) return [];
  const names = filesBelow(ROOT + folder).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

export const read = (page: string): string => readFileSync(ROOT + page, 'utf8');

export function blocksOf(page: string): Block[] {
  const fences = read(page).matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fences].map(([, language = '', code = '']) => ({ language, code }));
}

/** The blocks of TypeScript of a page. */
export const codeOf = (page: string): string[] =>
  blocksOf(page)
    .filter(({ language }) => language === 'ts')
    .map(({ code }) => code);

export const STORE_PAGE = 'docs/ledgers/when-the-store-fails.md';

/** Its blocks are files of real apps: `npm run test:projects`. */
const FRAMEWORKS_PAGE = 'docs/frameworks.md';

export const OWN_LEDGER_PAGE = 'docs/ledgers/write-your-own.md';

/** The programs that a reader would run: each block by itself. */
export const programsOf = (page: string): string[] =>
  page === FRAMEWORKS_PAGE ? [] : codeOf(page);

/** The cells of each row of every table of a page, without the rules below the headers. */
export function rowsOf(page: string): string[][] {
  const lines = read(page).match(/^\|.*\|$/gm) ?? [];
  const rows = lines.map((line) => line.slice(1, -1).split(/(?<!\\)\|/));
  const cells = rows.map((row) => row.map((cell) => cell.trim()));
  return cells.filter((row) => !row.every((cell) => /^-+$/.test(cell)));
}
