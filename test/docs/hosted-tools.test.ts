import { describe, expect, it } from 'vitest';
import { HOSTED_TOOL_NAMES } from '../../src/openai/prices/hosted-tools.ts';
import { INPUT_TOKENS, SESSION_FEES } from '../../src/openai/prices/tool-fees.ts';
import { allowances } from '../../src/openai/request/allowances.ts';
import { read, rowsOf } from './markdown.ts';

const PAGE = 'docs/hosted-tools.md';
const rows = rowsOf(PAGE);
const namesIn = (cell = '') => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name);

describe(PAGE, () => {
  it('docs/hosted-tools.md lists every field that a plan can allow, with its cost', () => {
    const fields = 'shape' in allowances ? Object.keys(Object(allowances.shape)) : [];
    expect(fields.length).toBeGreaterThan(5);
    const listed = rows.filter((cells) => cells.length === 3).flatMap(([name]) => namesIn(name));
    expect(listed).toEqual(expect.arrayContaining(fields));
  });

  it('docs/hosted-tools.md states the input of every hosted tool', () => {
    const listed = rows
      .filter(([, tokens = '', ...more]) => more.length === 0 && /^\d/.test(tokens))
      .flatMap(([names, tokens = '']) =>
        namesIn(names).map((name) => [name, Number.parseInt(tokens.replace(',', ''), 10)]),
      );
    expect(Object.fromEntries(listed)).toEqual(INPUT_TOKENS);
    expect(listed).toHaveLength(HOSTED_TOOL_NAMES.length);
  });

  it('docs/hosted-tools.md states the fee of every container', () => {
    for (const [memory, nanoUsd] of Object.entries(SESSION_FEES))
      expect(read(PAGE)).toContain(`$${(nanoUsd / 1e9).toFixed(2)} (\`${memory}\`)`);
  });
});
