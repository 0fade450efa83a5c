import { readFileSync } from 'node:fs';
import { filesBelow } from '../../bench/structure/files-below.ts';
import { codeOf, OWN_LEDGER_PAGE, ROOT } from './markdown.ts';

/** First blocks of pages, as the files whose names the next blocks import. */
const BLOCKS_AS_FILES: Readonly<Record<string, string>> = {
  'create-guard.ts': 'docs/testing-your-app.md',
  'journal-ledger.ts': OWN_LEDGER_PAGE,
};

interface ReaderFile {
  readonly name: string;
  readonly code: string;
}

const textOf = (file: string): string => readFileSync(`${ROOT}test/docs/reader/${file}`, 'utf8');

/** The files of the reader, which stand next to every block. A block imports what it needs of them. */
export function readerFiles(): ReaderFile[] {
  const own = filesBelow(`${ROOT}test/docs/reader`);
  const blocks = Object.entries(BLOCKS_AS_FILES);
  return [
    ...own.map((name) => ({ name, code: textOf(name) })),
    ...blocks.map(([name, page]) => ({ name, code: codeOf(page)[0] ?? '' })),
  ];
}
