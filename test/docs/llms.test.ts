import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pages, ROOT, read } from './markdown.ts';

const text = readFileSync(`${ROOT}llms.txt`, 'utf8');
const [head = '', ...sections] = text.split(/^## /m);
const links = [...text.matchAll(/^- \[[^\]]+\]\(([^)]+)\): .+$/gm)].map(([, link = '']) => link);

describe('llms.txt', () => {
  it('llms.txt has a title, a summary, and then only lists of links', () => {
    expect(head).toMatch(/^# [\w-]+\n\n(?:> .+\n)+\n/);
    expect(sections.length).toBeGreaterThan(3);
    for (const section of sections) {
      const [, ...lines] = section.trim().split('\n');
      expect(lines.filter((line) => line !== '' && !/^- \[.+\]\(.+\): /.test(line))).toEqual([]);
    }
    expect(sections.at(-1)).toMatch(/^Optional\n/);
  });

  it('llms.txt names only files that exist, each of them once', () => {
    expect(links.filter((link) => !existsSync(ROOT + link))).toEqual([]);
    expect(new Set(links).size).toBe(links.length);
  });

  it('llms.txt has every page of the documentation', () => {
    // The index of decisions has its pages, and each folder of examples belongs to their index.
    const isPart = (page: string) =>
      (page.startsWith('docs/decisions/') || page.startsWith('examples/')) &&
      !/^(?:docs\/decisions|examples)\/README\.md$/.test(page);
    expect(pages.filter((page) => !isPart(page) && !links.includes(page))).toEqual([]);
  });
});

it('docs/decisions/README.md lists every decision', () => {
  const listed = [...read('docs/decisions/README.md').matchAll(/^\| \[.+?\]\(([\w-]+\.md)\)/gm)];
  const names = pages
    .filter((page) => /^docs\/decisions\/(?!README)/.test(page))
    .map((page) => page.replace('docs/decisions/', ''));
  expect(listed.map(([, name]) => name).sort()).toEqual(names.sort());
});
