import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { pages, ROOT, read } from './markdown.ts';

/** The anchor that a heading has on a page, as GitHub makes it. */
const anchorOf = (head: string): string =>
  head
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, head = '']) => anchorOf(head));

it.each(pages)('%s links only to headings that exist', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#:\s]*)#([^)\s]+)\)/g)];
  const missing = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? page : posix.join(posix.dirname(page), path);
    return (
      target.endsWith('.md') && existsSync(ROOT + target) && !anchorsOf(target).includes(anchor)
    );
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});
