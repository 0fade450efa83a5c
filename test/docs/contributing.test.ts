import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT, read } from './markdown.ts';

const PAGE = 'CONTRIBUTING.md';

const page = read(PAGE);
const prose = page.replace(/^```.*?^```$/gms, '');
const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
const paths = spans.filter((span) => /^(?:src|test|docs|bench|\.ci)\/[\w./<>-]*$/.test(span));

/** The folder of a file that a reader is to write: the path up to the first `<name>`. */
const folderOf = (path: string) => path.replace(/[^/]*<.*/, '');

describe(PAGE, () => {
  it(`${PAGE} names only files and folders that exist`, () => {
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.map(folderOf).filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });

  it(`${PAGE} names only scripts that exist`, () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it(`${PAGE} has a list for everything that can be added`, () => {
    const heads = [...page.matchAll(/^### … (.+)$/gm)].map(([, head]) => head);
    expect(heads).toHaveLength(8);
    const files = page
      .split('\n### … ')
      .slice(1)
      .map((section) => section.match(/^\| `/gm));
    expect(files.filter((found) => found === null)).toEqual([]);
  });
});
