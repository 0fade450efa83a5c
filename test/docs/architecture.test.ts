import { existsSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../package/source.ts';
import { declaredIn, nodesIn } from './declared.ts';
import { ROOT, read, rowsOf } from './markdown.ts';

const PAGE = 'docs/architecture.md';
const STATES = 'src/pipeline/states.ts';

const page = read(PAGE);
const prose = page.replace(/^```.*?^```$/gms, '');
const spansOf = (text = '') => [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);

/** What a span of code names: a file or a folder of this repository. */
const isPath = (span: string) => /^(?:src|test|docs|bench|examples)\/[\w./-]*$/.test(span);

/** Each interface of the states, as a row of the page writes it. */
function statesOfSource(): string[][] {
  return nodesIn(STATES)
    .filter(ts.isInterfaceDeclaration)
    .map(({ name, heritageClauses, members }) => {
      const bases = heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText()));
      const fields = members.map((member) => member.name?.getText() ?? '');
      return [name.getText(), (bases ?? []).join(), fields.sort().join()];
    })
    .sort();
}

function statesOfPage(): string[][] {
  const rows = rowsOf(PAGE).filter(([type = '', , fields = '']) => /^`[A-Z]/.test(type) && fields);
  return rows
    .map(([type, base, fields]) => [
      spansOf(type).join(),
      spansOf(base).join(),
      spansOf(fields).sort().join(),
    ])
    .sort();
}

describe(PAGE, () => {
  it(`${PAGE} names only files and folders that exist`, () => {
    const paths = spansOf(prose).filter(isPath);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });

  it(`${PAGE} names only functions, types and fields that the source has`, () => {
    const source = sourceFiles().map(({ text }) => text);
    const names = page.match(/\b[A-Za-z]*[a-z][A-Z]\w*\b/g) ?? [];
    const isKnown = (name: string) => source.some((text) => new RegExp(`\\b${name}\\b`).test(text));
    expect(names.length).toBeGreaterThan(30);
    expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([]);
  });

  it(`${PAGE} has ten stops, each with a name that its file declares`, () => {
    const stops = rowsOf(PAGE).filter(([stop = '']) => /^\d+$/.test(stop));
    expect(stops).toHaveLength(10);
    const missing = stops.flatMap(([, file, name]) => {
      const declared = declaredIn(spansOf(file)[0] ?? '');
      return spansOf(name).filter((one) => !declared.has(one));
    });
    expect(missing).toEqual([]);
  });

  it(`${PAGE} has every state with its own fields`, () => {
    expect(statesOfPage()).toEqual(statesOfSource());
  });

  it(`${PAGE} has the same steps in both pictures`, () => {
    const steps = /^ {4}(identify.*settle)$/m.exec(page)?.[1]?.split(' → ') ?? [];
    const numbered = [...page.matchAll(/^ {2}\d (\w+) /gm)].map(([, step]) => step);
    expect(numbered).toEqual(steps);
    const [, chart = ''] = page.split('```mermaid');
    for (const step of steps) expect(chart).toContain(`["${step}"]`);
  });
});
