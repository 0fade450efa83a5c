import { expect, it } from 'vitest';
import { read } from './markdown.ts';

const PAGE = 'docs/comparison.md';

it(`${PAGE} has a dated source for every number in its table`, () => {
  const [table = '', sources = ''] = read(PAGE).split('\n## Sources\n');
  const named = [...table.matchAll(/ \[(\d)\]/g)].map(([, number]) => number);
  const listed = [...sources.matchAll(/^(\d)\. /gm)].map(([, number]) => number);
  expect([...new Set(named)].sort()).toEqual(listed);
  expect(read(PAGE)).toMatch(/Read on \d{4}-\d\d-\d\d/);
});
