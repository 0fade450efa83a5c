import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type Entry, entries, entryFile } from '../../.ci/entries.ts';
import { sourceFiles } from '../package/source.ts';
import { errorsIn, programFolder, writeProgram } from './compile.ts';

/** A function that an entry exports, with the code of its `@example`. */
interface Example {
  readonly name: string;
  readonly entry: Entry;
  readonly code: string | undefined;
}

const isClass = (value: unknown): boolean => /^class\b/.test(String(value));

const modules: ReadonlyMap<Entry, Readonly<Record<string, unknown>>> = new Map(
  await Promise.all(entries.map(async (entry) => [entry, await import(entryFile(entry))] as const)),
);

/** Every exported function of `src` by its name. */
const declarations = new Map(
  sourceFiles()
    .flatMap(({ tree }) => tree.statements.filter(ts.isFunctionDeclaration))
    .map((node) => [node.name?.text, node] as const),
);

const examples: readonly Example[] = [...modules].flatMap(([entry, exported]) =>
  Object.entries(exported)
    .filter(([, value]) => typeof value === 'function' && !isClass(value))
    .map(([name]) => ({ name, entry, code: exampleOf(name) })),
);

function exampleOf(name: string): string | undefined {
  const declaration = declarations.get(name);
  const tags = declaration === undefined ? [] : ts.getJSDocTags(declaration);
  const example = tags.find(({ tagName }) => tagName.text === 'example');
  const text = ts.getTextOfJSDocComment(example?.comment);
  return text === undefined ? undefined : /```ts\n(.*)\n```/s.exec(text)?.[1];
}

/** Files of the reader's own that an example may use without a word. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  './accounts.ts': ['findAccount'],
  './guard.ts': ['guard'],
  './secrets.ts': ['aws', 'azure', 'doppler', 'google', 'onePassword', 'vault'],
};

/** An example leaves out the imports of this package and of the reader's own files. */
function programOf(code: string): string {
  const ours = [...modules].map(([{ specifier }, exported]) => {
    return [specifier, Object.keys(exported)] as const;
  });
  const known: readonly (readonly [string, readonly string[]])[] = [
    ...ours,
    ...Object.entries(OWN),
  ];
  const taken = new Set(code.match(/\b(?:const|import) \{?\s*(?:type )?\w+/g)?.map(lastWord));
  const imports = known.flatMap(([specifier, names]) => {
    const used = names.filter((name) => uses(code, name) && !taken.has(name));
    for (const name of used) taken.add(name);
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${specifier}';`];
  });
  return [...imports, code, 'export {};'].join('\n');
}

const lastWord = (text: string): string => /\w+$/.exec(text)?.[0] ?? '';
const uses = (code: string, name: string) => new RegExp(`(?<![.\\w'-])${name}\\b(?!:)`).test(code);

describe('The examples of exported functions', () => {
  it('Every exported function has one', () => {
    expect(examples.length).toBeGreaterThan(40);
    expect(examples.filter(({ code }) => code === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('Each calls its function', () => {
    const idle = examples.filter(({ name, code = '' }) => !code.includes(`${name}(`));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  it('All compile', { timeout: 240_000 }, () => {
    const folder = programFolder('examples');
    const files = examples.map(({ name, code = '' }) =>
      writeProgram(folder, name, programOf(code)),
    );
    expect(errorsIn(files)).toEqual([]);
  });
});
