import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionsOf } from '../../bench/structure/functions.ts';
import { circlesOf, depthOf, mutualPairs, reachOf } from '../../bench/structure/graph.ts';
import { commentsOf } from '../../bench/structure/lines.ts';
import { measure, type Structure, sizes } from '../../bench/structure/measure.ts';
import { parse } from '../../bench/structure/source-files.ts';

const TREE: Readonly<Record<string, string>> = {
  'src/index.ts': "export { a } from './one/a.ts';\n",
  'src/one/a.ts':
    "import type { B } from '../two/b.ts';\n\n/** Documented. @example */\nexport const a = (b: B) => {\n  return b as unknown;\n};\n",
  'src/two/b.ts':
    "import { c } from './c.js';\nexport interface B {\n  readonly c: typeof c;\n}\nexport { c };\n",
  'src/two/c.ts':
    "// The circle.\nexport type { A } from '../one/d.ts';\nexport function c(w: any, x: 1, y: 2, z: 3) {}\n",
  'src/one/d.ts': 'export interface A {}\n',
  'test/a.test.ts': 'one;\ntwo;\n',
  'test/help.ts': 'three;\n',
};

describe('a tree of five files', () => {
  const root = mkdtempSync(join(tmpdir(), 'structure-'));
  let found: Structure;
  beforeAll(() => {
    for (const [path, text] of Object.entries(TREE)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    found = measure(join(root, 'src'), join(root, 'test'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is counted in files, lines, functions, names and imports', () => {
    expect(found).toMatchObject({
      files: 5,
      lines: 16,
      functions: 2,
      fourParameters: 0.5,
      exportedNames: 4,
      documented: 0.25,
      examples: 1,
      imports: 4 / 5,
      importDepth: 5,
      valueDepth: 2,
      circles: [],
      largestFolder: { files: 2 },
      tests: { ratio: 3 / 16, fileLines: { median: 2, p95: 2, max: 2 } },
    });
    expect(found.anyPer1000).toBeCloseTo(1_000 / 16);
    expect(found.castsPer1000).toBeCloseTo(1_000 / 16);
  });

  it('has folders in a circle, though no files are', () => {
    const ties = ['one/a.ts → two/b.ts', 'two/c.ts → one/d.ts'];
    const circle = { members: ['one', 'two'], ties };
    expect(found.plan).toEqual({
      rooms: 3,
      arrows: 3,
      roomCircles: [circle],
      rootFiles: ['index.ts'],
      folders: 3,
      folderCircles: [circle],
      mutualFolders: ['one ↔ two'],
    });
  });

  it('cannot be measured where there is no TypeScript', () => {
    expect(() => measure(join(root, 'nowhere'))).toThrow('there is no TypeScript in');
  });
});

describe('a graph', () => {
  const arrow = (text: string) => ({ from: text.charAt(0), to: text.charAt(1) });

  it('gives up its circles, behind a way in and beside others', () => {
    const arrows = ['ca', 'wa', 'ab', 'bc', 'xy', 'yx', 'cx'].map(arrow);
    expect(circlesOf(arrows)).toEqual([
      ['x', 'y'],
      ['a', 'b', 'c'],
    ]);
    expect(mutualPairs(arrows)).toEqual(['x ↔ y']);
    expect(circlesOf(['ab', 'ac', 'bd', 'cd'].map(arrow))).toEqual([]);
  });

  it('is as deep as its longest way, and a circle is one step', () => {
    expect(depthOf(['ab', 'bc', 'ac', 'cd'].map(arrow))).toBe(3);
    expect(depthOf(['ab', 'ba', 'bc'].map(arrow))).toBe(1);
    expect(reachOf(['ab', 'ba', 'bc'].map(arrow), ['a', 'c'])).toEqual([2, 0]);
  });
});

describe('a file', () => {
  it('has functions, each as long as it is, with statements within each other', () => {
    const file = parse(
      'a.ts',
      'function a() {\n  if (1) {\n    for (;;) b(() => 2);\n  } else if (3) {\n    try {} finally {}\n  }\n}',
    );
    expect(functionsOf(file)).toEqual([
      { where: 'a.ts:1', isBlock: true, isCallback: false, lines: 7, parameters: 0, nesting: 2 },
      { where: 'a.ts:3', isBlock: false, isCallback: true, lines: 1, parameters: 0, nesting: 0 },
    ]);
  });

  it('has comments, not those that a text only looks like', () => {
    const text =
      "// one\nconst a = '// no'; // two\nconst b = `/* no */ $" +
      '{/* three */ a} // no`;\n{\n  // four\n}\n';
    const comments = commentsOf(parse('a.ts', text)).map(({ pos, end }) => text.slice(pos, end));
    expect(comments).toEqual(['// one', '// two', '/* three */', '// four']);
  });

  it('counts in sizes that occur', () => {
    expect(sizes([4, 1, 3, 2])).toEqual({ median: 2, p95: 4, max: 4 });
    expect(sizes([])).toEqual({ median: 0, p95: 0, max: 0 });
  });
});
