import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, read, rowsOf } from './markdown.ts';
import { titlesIn, titlesOf } from './test-titles.ts';

const PAGE = 'docs/guarantees.md';

interface Proof {
  readonly file: string;
  readonly title: string;
}

interface Promised {
  readonly promise: string;
  readonly proofs: readonly Proof[];
}

/** The promises of a page: a list of sentences, and below each of them its tests. */
function promisesOf(page: string): Promised[] {
  const [promised = ''] = page.split('\n## Not promised');
  return promised
    .split('\n- ')
    .slice(1)
    .map((item) => ({ promise: item.split('\n', 1)[0] ?? '', proofs: proofsOf(item) }));
}

function proofsOf(item: string): Proof[] {
  const proofs = item.matchAll(/^ {2}- \[[\w/.-]+\]\(\.\.\/([\w/.-]+)\): (.+)$/gm);
  return [...proofs].map(([, file = '', title = '']) => ({ file, title }));
}

/** What is wrong with a test that is named as a proof, or `undefined`. */
function faultOf({ file, title }: Proof): string | undefined {
  if (!existsSync(join(ROOT, file))) return `${file} does not exist`;
  return titlesIn(file).has(title) ? undefined : `${file} has no test “${title}”`;
}

const promises = promisesOf(read(PAGE));

describe(PAGE, () => {
  it(`${PAGE} has more than 80 promises`, () => expect(promises.length).toBeGreaterThan(80));

  it(`${PAGE} names a test for every promise`, () => {
    expect(promises.filter(({ proofs }) => proofs.length === 0)).toEqual([]);
  });

  it(`${PAGE} names only tests that exist`, () => {
    const faults = promises.flatMap(({ proofs }) => proofs.map(faultOf));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it(`${PAGE} has nothing in its lists but promises and tests`, () => {
    const [promised = ''] = read(PAGE).split('\n## Not promised');
    const items = promised.match(/^ *- /gm) ?? [];
    const proofs = promises.flatMap((each) => each.proofs);
    expect(items).toHaveLength(promises.length + proofs.length);
  });

  it.each([
    ['SECURITY.md', threats()],
    ['README.md', promisesOfReadme()],
  ])(`${PAGE} covers every promise of %s`, (_, wanted) => {
    const placed = rowsOf(PAGE).filter(([, group = '']) => /^\[.+\]\(#[\w-]+\)/.test(group));
    const missing = wanted.filter((one) => !placed.some(([start = '']) => one.startsWith(start)));
    expect(wanted.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });

  it(`${PAGE} refers only to headings that it has`, () => {
    const page = read(PAGE);
    const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, head = '']) => anchorOf(head));
    const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
  });
});

const anchorOf = (head: string) =>
  head
    .toLowerCase()
    .replaceAll(' ', '-')
    .replace(/[^\w-]/g, '');

function threats(): string[] {
  const rows = rowsOf('SECURITY.md').map(([threat = '']) => threat);
  return rows.filter((threat) => threat !== 'threat');
}

/** The items of README's list of what is promised. */
function promisesOfReadme(): string[] {
  const [, rest = ''] = read('README.md').split('\nPromised, ');
  const [list = ''] = rest.split('\nNot promised:');
  return [...list.matchAll(/^- (.+)$/gm)].map(([, promise = '']) => promise);
}

describe('The reader of test titles', () => {
  it('The reader finds titles of tests and of cases, with … for values', () => {
    const text = [
      "it('one', run);",
      "it.each([1])('two %s of $name.first (%#)', run);",
      `test.skip(\`three \${a}\`, run);`,
      "const cases = [{ title: 'four' }];",
      "describe('five', run);",
    ].join('\n');
    expect([...titlesOf(text)]).toEqual(['one', 'two … of … (…)', 'three …', 'four']);
  });

  it.each([
    [{ file: 'test/none.test.ts', title: 'any' }, 'test/none.test.ts does not exist'],
    [{ file: 'test/naive/naive.slow.test.ts', title: 'no such test' }, /has no test/],
  ])('The reader reports %j', (proof, fault) => expect(faultOf(proof)).toMatch(fault));
});
