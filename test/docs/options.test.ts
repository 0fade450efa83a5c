import { describe, expect, it } from 'vitest';
import { filesBelow } from '../../bench/structure/files-below.ts';
import { ROOT, read } from './markdown.ts';
import {
  OPTIONS_PAGE,
  optionTables,
  REWRITE,
  rowsOfShape,
  shapesIn,
  withOptionTables,
} from './options-page.ts';

const page = read(OPTIONS_PAGE);

describe(OPTIONS_PAGE, () => {
  it(`${OPTIONS_PAGE} has every option with its docstring and its default, and every endpoint`, () => {
    expect(withOptionTables(page), REWRITE).toBe(page);
    const tables = [...page.matchAll(/^<!-- options: (\S+) -->$/gm)].map(([, name]) => name);
    expect(tables).toEqual(Object.keys(optionTables));
    const rows = Object.values(optionTables)
      .flat()
      .flatMap(([file, shape]) => rowsOfShape(file, shape));
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  });

  it(`${OPTIONS_PAGE} has every shape of src/options`, () => {
    const files = filesBelow(`${ROOT}src/options`).map((file) => `src/options/${file}`);
    const shapes = files.flatMap((file) =>
      [...shapesIn(file).keys()].map((name) => `${file} ${name}`),
    );
    const shown = Object.values(optionTables)
      .flat()
      .map(([file, name]) => `${file} ${name}`);
    expect(shapes.length).toBeGreaterThan(6);
    expect(shapes.filter((shape) => !shown.includes(shape))).toEqual([]);
  });
});
