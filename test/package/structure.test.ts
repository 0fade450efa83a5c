import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entries } from '../../.ci/entries.ts';
import { exportedNames } from '../../bench/structure/exported.ts';
import { functionsOf } from '../../bench/structure/functions.ts';
import { measure, sizes } from '../../bench/structure/measure.ts';
import { lineCount } from '../../bench/structure/source-files.ts';
import { ROOT, sourceFiles } from './source.ts';

const files = sourceFiles();
const structure = measure(`${ROOT}src`);

describe('functions and files are short', () => {
  // Callbacks are left out: their brevity would flatter the median.
  const functions = files.flatMap(functionsOf).filter(({ isCallback }) => !isCallback);
  const lengths = sizes(functions.map(({ lines }) => lines));

  it('more than 500 functions are measured', () => expect(functions.length).toBeGreaterThan(500));
  it('the median function has fewer than 10 lines', () => {
    expect(lengths.median).toBeLessThan(10);
  });
  it('95 % of all functions have at most 25 lines, with and without callbacks', () => {
    expect(lengths.p95).toBeLessThanOrEqual(25);
    expect(structure.functionLines.p95).toBeLessThanOrEqual(25);
  });
  it('no function has more than 70 lines', () => {
    const long = files.flatMap(functionsOf).filter(({ lines }) => lines > 70);
    expect(long.map(({ where, lines }) => `${where}: ${lines}`)).toEqual([]);
  });
  it('no file has more than 300 lines', () => {
    const long = files.filter((file) => lineCount(file) > 300);
    expect(long.map((file) => `${file.path}: ${lineCount(file)}`)).toEqual([]);
  });
  it.each(entries.filter(({ source }) => source.startsWith('src/http/')))(
    'the adapter $source has fewer than 80 lines',
    ({ source }) => {
      const [adapter, ...others] = files.filter(({ path }) => `src/${path}` === source);
      expect(others).toEqual([]);
      expect(adapter && lineCount(adapter)).toBeLessThan(80);
    },
  );
});

describe('the floor plan of src', () => {
  it('has only index.ts and README.md in the root', () => {
    const loose = readdirSync(`${ROOT}src`, { withFileTypes: true }).filter((e) => e.isFile());
    expect(loose.map(({ name }) => name).sort()).toEqual(['README.md', 'index.ts']);
  });

  it('has no circle of files, imports of types included', () => {
    expect(structure.circles).toEqual([]);
  });

  it('has no circle of folders in the root, imports of types included', () => {
    expect(structure.plan.roomCircles.flatMap(({ ties }) => ties)).toEqual([]);
  });

  it('has no circle of folders at any depth, imports of types included', () => {
    expect(structure.plan.folderCircles.flatMap(({ ties }) => ties)).toEqual([]);
  });

  it('has at most 24 folders in its root', () => {
    expect(structure.plan.rooms).toBeLessThanOrEqual(24);
  });
});

describe('exported names', () => {
  it('no two files export a type of the same name', () => {
    const types = files.flatMap(exportedNames).filter(({ isType }) => isType);
    const homonyms = [...Map.groupBy(types, ({ name }) => name)].filter(
      ([, own]) => own.length > 1,
    );
    const listed = homonyms.map(
      ([name, own]) => `${name}: ${own.map(({ where }) => where).join(', ')}`,
    );
    expect(listed).toEqual([]);
  });
});
