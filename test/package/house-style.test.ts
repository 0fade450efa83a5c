import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { nodesOf, ROOT, type SourceFile, sourceFiles } from './source.ts';

const files = sourceFiles();
const linesOf = (text: string): number => text.split('\n').length - 1;

interface Measured {
  readonly where: string;
  readonly lines: number;
}

/**
 * Every function with its length, except callbacks, because they are short and would lower the
 * median.
 */
function functionsOf({ path, tree }: Pick<SourceFile, 'path' | 'tree'>): Measured[] {
  return nodesOf(tree).flatMap((node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return [];
    if (ts.isCallExpression(node.parent) && node.parent.expression !== node) return [];
    const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
    const last = tree.getLineAndCharacterOfPosition(node.end).line;
    return [{ where: `${path}:${first + 1}`, lines: last - first + 1 }];
  });
}

const isAssertedAssigned = (
  node: ts.Node,
): node is ts.PropertyDeclaration | ts.VariableDeclaration =>
  (ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node)) &&
  node.exclamationToken !== undefined;

/** Code that evades the type checker, as `path: what`. */
function evasionsOf({ path, text, tree }: SourceFile): string[] {
  const nodes = nodesOf(tree).flatMap((node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) return [`${path}: any`];
    if (ts.isNonNullExpression(node)) return [`${path}: ${node.getText()}`];
    return isAssertedAssigned(node) ? [`${path}: ${node.name.getText()}!`] : [];
  });
  const silencers = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable/g;
  return [...nodes, ...[...text.matchAll(silencers)].map(([found]) => `${path}: ${found}`)];
}

/** Set by the executor of a promise, which runs inside the constructor. */
const SET_BY_EXECUTOR = [
  'stages/metered-stream.ts: #resolve!',
  'upstream/undici-upstream.ts: #resolve!',
  'upstream/undici-upstream.ts: #reject!',
];

const FORBIDDEN_WORDS = /(?:^|-)(?:utils?|helpers?|managers?|opts?|misc|common)(?:-|$)/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Whether a path breaks the naming rules. */
function misnamed(path: string): boolean {
  const names = path.replace(/\.ts$/, '').split('/');
  return names.some((name) => !KEBAB_CASE.test(name) || FORBIDDEN_WORDS.test(name));
}

/** The value below which this share of the values lies, by nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

const parsed = (text: string): SourceFile => ({
  path: 'invented.ts',
  text,
  tree: ts.createSourceFile('invented.ts', text, ts.ScriptTarget.Latest, true),
});

describe('The length of functions and files', () => {
  const functions = files.flatMap(functionsOf);
  const lengths = functions.map(({ lines }) => lines).sort((a, b) => a - b);

  it('The test finds more than 500 functions', () => expect(lengths.length).toBeGreaterThan(500));
  it('The median function has fewer than 10 lines', () => {
    expect(percentile(lengths, 0.5)).toBeLessThan(10);
  });
  it('95 % of the functions have fewer than 50 lines', () => {
    expect(percentile(lengths, 0.95)).toBeLessThan(50);
  });
  it('No function has more than 70 lines', () => {
    expect(functions.filter(({ lines }) => lines > 70)).toEqual([]);
  });
  it('No file has more than 300 lines', () => {
    const long = files.filter(({ text }) => linesOf(text) > 300);
    expect(long.map(({ path, text }) => `${path}: ${linesOf(text)}`)).toEqual([]);
  });
  it.each(['express', 'fastify', 'hono', 'koa', 'next', 'node'])(
    'The adapter for %s has fewer than 80 lines',
    (host) => {
      const file = files.find(({ path }) => path === `http/${host}.ts`);
      expect(linesOf(file?.text ?? '')).toBeGreaterThan(0);
      expect(linesOf(file?.text ?? '')).toBeLessThan(80);
    },
  );
  it('A function is measured from its first line to its last', () => {
    const invented = parsed(
      'class A {\n  b() {\n    return [1].map((x) => {\n      x;\n    });\n  }\n}',
    );
    expect(functionsOf(invented)).toEqual([{ where: 'invented.ts:2', lines: 5 }]);
  });
});

describe('Type evasions', () => {
  it('src has no type evasion except fields that an executor sets', () => {
    expect(files.flatMap(evasionsOf)).toEqual(SET_BY_EXECUTOR);
  });

  it.each([
    ['const a: any = 1;', 'invented.ts: any'],
    ['const a = [] as any[];', 'invented.ts: any'],
    ['const a = b!.c;', 'invented.ts: b!'],
    ['let a!: string;', 'invented.ts: a!'],
    ['class A { a!: string }', 'invented.ts: a!'],
    ['// @ts-ignore', 'invented.ts: @ts-ignore'],
    ['// biome-ignore lint: no', 'invented.ts: biome-ignore'],
  ])('The evasion %s is found', (text, fault) => expect(evasionsOf(parsed(text))).toEqual([fault]));
});

const isAssignment = ({ kind }: ts.Node): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** Function literals directly after `x.y =`. V8 allocates them in the old space each time. */
function lastingClosuresOf({ path, tree }: SourceFile): string[] {
  return nodesOf(tree).flatMap((node) => {
    if (!ts.isBinaryExpression(node) || !isAssignment(node.operatorToken)) return [];
    const isProperty =
      ts.isPropertyAccessExpression(node.left) || ts.isElementAccessExpression(node.left);
    const isFunction = ts.isArrowFunction(node.right) || ts.isFunctionExpression(node.right);
    return isProperty && isFunction ? [`${path}: ${node.left.getText()}`] : [];
  });
}

describe('Long-lived closures', () => {
  it('No function literal in src is assigned directly to a property', () => {
    expect(files.flatMap(lastingClosuresOf)).toEqual([]);
  });

  it.each([
    ['a.b = () => c;', 'invented.ts: a.b'],
    ['this.#b = async () => c;', 'invented.ts: this.#b'],
    ['a.b ??= function () {};', 'invented.ts: a.b'],
    ['a[0] = () => c;', 'invented.ts: a[0]'],
  ])('A closure in %s is found', (text, fault) =>
    expect(lastingClosuresOf(parsed(text))).toEqual([fault]),
  );

  it('A closure that is first stored in a variable is accepted', () => {
    expect(lastingClosuresOf(parsed('const c = () => d; a.b = c; e = () => f;'))).toEqual([]);
  });
});

describe('The names of files and folders', () => {
  it('Files and folders have descriptive kebab-case names', () => {
    expect(files.map(({ path }) => path).filter(misnamed)).toEqual([]);
  });

  it.each([
    'http/nodeRequest.ts',
    'Plan.ts',
    'string-utils.ts',
    'helpers/a.ts',
    'plan-manager.ts',
    'parse-opts.ts',
    'a_b.ts',
  ])('The file name %s is rejected', (path) => expect(misnamed(path)).toBe(true));
});

describe('The map in src/README.md', () => {
  const map = readFileSync(`${ROOT}src/README.md`, 'utf8');
  const rows = [...map.matchAll(/^\| `([\w-]+)\/` /gm)].map(([, folder]) => folder);
  const folders = readdirSync(`${ROOT}src`, { withFileTypes: true }).filter((e) => e.isDirectory());

  it('The map has exactly one row for each folder', () => {
    expect(rows.sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it('The map names only files that exist', () => {
    const named = [...map.matchAll(/[\w./-]+\.ts\b/g)].map(([name]) => name);
    expect(named).toContain('pipeline.ts');
    const known = (name: string) =>
      existsSync(`${ROOT}${name}`) ||
      files.some(({ path }) => [path, basename(path)].includes(name));
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('Each step of the pipeline in the map has its own file', () => {
    const verbs = /^ {4}(identify.*settle)$/m.exec(map)?.[1]?.split(' → ') ?? [];
    expect(verbs).toHaveLength(7);
    const missing = verbs.filter((verb) => !files.some(({ path }) => path === `stages/${verb}.ts`));
    expect(missing).toEqual([]);
  });
});
