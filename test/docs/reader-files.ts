import { readFileSync } from 'node:fs';
import { filesBelow } from '../../bench/structure/files-below.ts';
import { codeOf, OWN_LEDGER_PAGE, ROOT } from './markdown.ts';

interface ReaderFile {
  readonly name: string;
  readonly code: string;
}

const textOf = (file: string): string => readFileSync(`${ROOT}test/docs/reader/${file}`, 'utf8');

/** The files of the reader, which stand next to every block. A block imports what it needs of them. */
export function readerFiles(): ReaderFile[] {
  const own = filesBelow(`${ROOT}test/docs/reader`);
  return [
    ...own.map((name) => ({ name, code: textOf(name) })),
    { name: 'journal-ledger.ts', code: codeOf(OWN_LEDGER_PAGE)[0] ?? '' },
  ];
}
