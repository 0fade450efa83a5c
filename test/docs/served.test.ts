import { expect, it } from 'vitest';
import { servedPage } from '../../.ci/served-page.ts';
import { endpointNames } from '../../src/openai/endpoints/descriptors.ts';
import { read, rowsOf } from './markdown.ts';

const PAGE = 'docs/served.md';

it('docs/served.md is as "node .ci/served-page.ts" writes it now', () => {
  expect(read(PAGE)).toBe(servedPage());
});

it('docs/served.md has every endpoint and every field of "allow", each with words', () => {
  const rows = rowsOf(PAGE);
  const names = rows.map(([name = '']) => name.replaceAll('`', ''));
  for (const name of endpointNames) expect(names).toContain(name);
  for (const name of ['files', 'audioOutput', 'mcpServers', 'serviceTiers', 'stateful']) {
    expect(rows.find(([cell]) => cell === `\`${name}\``)?.[1]).toMatch(/\w+ \w+.*\.$/);
  }
});
