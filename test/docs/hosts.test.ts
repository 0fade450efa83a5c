import { describe, expect, it } from 'vitest';
import {
  vendorFieldNames,
  vendorFieldsNeverAllowed,
} from '../../src/openai/request/vendor-field-names.ts';
import { dialects } from '../../src/upstream/dialects/dialects.ts';
import { takes } from '../../src/upstream/dialects/takes.ts';
import { pages, read } from './markdown.ts';

const page = read('docs/hosts.md');
const rowsOf = (heading: string): string[][] => {
  const table = page.slice(page.indexOf(heading)).match(/(?:^\|.*\n)+/m)?.[0] ?? '';
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
};

const WORDS: Readonly<Record<string, RegExp>> = {
  'chat.completions': /chat/,
  responses: /Responses/,
  completions: /completions/,
  embeddings: /embeddings/,
};

/** What a page calls a host. */
const TITLES: Readonly<Record<string, string>> = {
  Ollama: 'llama.cpp',
};
const hosts = Object.values(dialects).filter(({ name }) => name !== 'openai' && name !== 'azure');
const isNamed = (cell: string, title: string) =>
  cell.includes(title) || (TITLES[title] !== undefined && cell.includes(TITLES[title] ?? ''));

describe('docs/hosts.md', () => {
  it('has a row and a page for every dialect', () => {
    const rows = rowsOf('# Other hosts').map(([host = '']) => host);
    expect(rows).toHaveLength(Object.keys(dialects).length);
    for (const { title } of Object.values(dialects)) {
      expect(
        rows.some((row) => row.includes(title)),
        title,
      ).toBe(true);
    }
    const linked = rows.flatMap((row) => row.match(/hosts\/[\w-]+\.md/g) ?? []);
    const written = pages.filter((path) => path.startsWith('docs/hosts/'));
    expect(linked.map((path) => `docs/${path}`).sort()).toEqual(written);
  });

  it('says which endpoints each host serves, and the name of its cap', () => {
    const rows = rowsOf('# Other hosts');
    for (const { title, endpoints } of hosts) {
      const row = rows.find(([host = '']) => host.includes(title)) ?? [];
      for (const [endpoint, word] of Object.entries(WORDS)) {
        expect(word.test(row[2] ?? ''), `${title}: ${endpoint}`).toBe(endpoints.has(endpoint));
        const cap = endpoints.get(endpoint)?.own?.cap;
        if (cap !== undefined) expect(row[3], `${title}: ${endpoint}`).toContain(`\`${cap}\``);
      }
      const endUser = endpoints.get('chat.completions')?.own?.endUser;
      expect(row[4]?.includes('none'), title).toBe(endUser === undefined);
      if (endUser !== undefined) expect(row[4], title).toContain(`\`${endUser}\``);
    }
  });

  it('names every field of other hosts, and the hosts that take it', () => {
    const rows = rowsOf('## Fields that OpenAI does not have');
    const named = new Set(rows.flatMap(([field = '']) => field.match(/(?<=`)\w+(?=`)/g) ?? []));
    expect([...named].sort()).toEqual([...vendorFieldNames].sort());
    for (const [field = '', where = '', hostsOfIt = ''] of rows) {
      for (const name of field.match(/(?<=`)\w+(?=`)/g) ?? []) {
        const takers = hosts.filter((host) => takesField(host, name, where));
        for (const { title } of hosts) {
          const isTaker = takers.some((host) => host.title === title);
          expect(isNamed(hostsOfIt, title), `${name}: ${title}`).toBe(isTaker);
        }
      }
    }
  });

  it('names every field that no plan can allow', () => {
    const list = page.slice(page.indexOf('No plan can allow'), page.indexOf('## Gateways'));
    const named = list.match(/(?<=`)\w+(?=`)/g) ?? [];
    expect([...named].sort()).toEqual([...vendorFieldsNeverAllowed.keys()].sort());
  });
});

/** Whether a host takes the field at any of the places that the row names. */
function takesField(host: (typeof hosts)[number], name: string, where: string): boolean {
  if (where === 'messages') {
    const messages = [{ role: 'assistant', content: 'x', [name]: 'x' }];
    return takes(host, { name: 'chat.completions' }, { model: 'grok-3', messages }) === undefined;
  }
  const endpoints = Object.keys(WORDS).filter((endpoint) => WORDS[endpoint]?.test(where));
  return endpoints.some((endpoint) => host.endpoints.get(endpoint)?.own?.fields.has(name));
}
