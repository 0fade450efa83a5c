import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { denialCodes } from '../../src/core/denial.ts';
import { declaredIn } from './declared.ts';
import { pages, ROOT, read, rowsOf } from './markdown.ts';

const bare = (cell = '') => cell.replaceAll('`', '');

/** The rows of a page's table of codes, as status, code and the remaining cells. */
function codesOf(page: string): { status: number; code: string; rest: string[] }[] {
  const rows = rowsOf(page).filter(([status = '']) => /^\d{3}$/.test(status));
  return rows.map(([status, code, ...rest]) => ({
    status: Number(status),
    code: bare(code),
    rest: rest.map(bare),
  }));
}

describe('The tables of errors', () => {
  const table = Object.entries(denialCodes);

  it.each(['README.md', 'docs/errors.md'])('%s lists every code with its status', (page) => {
    const written = codesOf(page).map(({ status, code }) => ({ status, code }));
    expect(written).toEqual(table.map(([code, { status }]) => ({ status, code })));
  });

  it('docs/errors.md lists each type and which denials must not be repeated', () => {
    expect(codesOf('docs/errors.md').map(({ rest }) => rest)).toEqual(
      table.map(([, entry]) => [
        entry.type,
        'shouldRetry' in entry && entry.shouldRetry === false ? 'no' : '',
      ]),
    );
  });
});

describe('README.md', () => {
  it('README.md has its sections in the agreed order', () => {
    const heads = read('README.md').match(/^## .*/gm);
    expect(heads).toEqual([
      '## Try it',
      '## Mount it',
      '## The app’s side',
      '## On the server',
      '## Limits',
      '## Errors',
      '## What is promised, and what is not',
      '## Dependencies',
      '## Work on it',
      '## More',
    ]);
  });

  it('README.md gives a reason for every dependency', () => {
    const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    const { dependencies, peerDependencies } = manifest;
    const named = rowsOf('README.md')
      .filter(([name = '']) => /^`[@\w/-]+(\.js)?`( \((optional )?peer\))?$/.test(name))
      .map(([name = '']) => bare(name).replace(/ \(.*/, ''));
    const needed = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
    expect(named.toSorted()).toEqual(needed.toSorted());
  });

  it('README.md names only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    const named = [...read('README.md').matchAll(/npm (?:run )?(\w+)/g)].map(([, name]) => name);
    const own = named.filter((name) => name !== 'ci' && name !== 'install');
    expect(own.length).toBeGreaterThan(0);
    for (const name of own) expect(Object.keys(scripts)).toContain(name);
  });
});

it.each(pages)('%s has only links to files that exist', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[\w-]*)?\)/g)];
  for (const [, link = ''] of links) {
    expect(existsSync(join(ROOT, dirname(page), link)), link).toBe(true);
  }
});

const guides = pages.filter((page) => page.startsWith('docs/'));

it.each(guides)('%s names only functions and types that the linked file declares', (page) => {
  const links = [...read(page).matchAll(/\[`([A-Za-z]\w*)`\]\(([^)#]+\.ts)\)/g)];
  const missing = links.filter(
    ([, name = '', link = '']) => !declaredIn(join(dirname(page), link)).has(name),
  );
  expect(missing.map(([link]) => link)).toEqual([]);
});
