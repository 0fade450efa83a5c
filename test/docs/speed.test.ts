import { expect, it } from 'vitest';
import { plotsOf } from '../../bench/growth/plots.ts';
import { withTables } from '../../bench/report/docs-tables.ts';
import { savedCalls, savedGrowth } from '../../bench/report/saved.ts';
import { read } from './markdown.ts';

it('docs/speed.md has the tables of docs/speed/calls.json', () => {
  const page = read('docs/speed.md');
  expect(page.match(/<!-- table: \w+ -->/g)).toHaveLength(3);
  expect(withTables(page, savedCalls())).toBe(page);
});

it.each(['limits', 'users', 'processes', 'streams'])(
  'docs/speed/%s.svg is drawn from docs/speed/growth.json',
  (name) => {
    const plots = plotsOf(savedGrowth());
    expect(plots[name]).toBe(read(`docs/speed/${name}.svg`));
  },
);
