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

/** Every function with its length, except callbacks, whose brevity would flatter the median. */
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

/** Ways round the type checker, as `path: what`. */
function evasionsOf({ path, text, tree }: SourceFile): string[] {
  const nodes = nodesOf(tree).flatMap((node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) return [`${path}: any`];
    if (ts.isNonNullExpression(node)) return [`${path}: ${node.getText()}`];
    return isAssertedAssigned(node) ? [`${path}: ${node.name.getText()}!`] : [];
  });
  const silencers = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable/g;
  return [...nodes, ...[...text.matchAll(silencers)].map(([found]) => `${path}: ${found}`)];
}

/** Set by the executor of a promise, which runs within the constructor. */
const SET_BY_EXECUTOR = [
  'stages/metered-stream.ts: #resolve!',
  'upstream/undici-upstream.ts: #resolve!',
  'upstream/undici-upstream.ts: #reject!',
];

const FORBIDDEN_WORDS = /(?:^|-)(?:utils?|helpers?|managers?|opts?|misc|common)(?:-|$)/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** What is wrong with the names in a path. */
function misnamed(path: string): boolean {
  const names = path.replace(/\.ts$/, '').split('/');
  return names.some((name) => !KEBAB_CASE.test(name) || FORBIDDEN_WORDS.test(name));
}

/** The value below which this share of them lies, by nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

const parsed = (text: string): SourceFile => ({
  path: 'invented.ts',
  text,
  tree: ts.createSourceFile('invented.ts', text, ts.ScriptTarget.Latest, true),
});

describe('functions and files are short', () => {
  const functions = files.flatMap(functionsOf);
  const lengths = functions.map(({ lines }) => lines).sort((a, b) => a - b);

  it('finds the functions', () => expect(lengths.length).toBeGreaterThan(500));
  it('the median function has fewer than 10 lines', () => {
    expect(percentile(lengths, 0.5)).toBeLessThan(10);
  });
  it('95 % of them have fewer than 50', () => {
    expect(percentile(lengths, 0.95)).toBeLessThan(50);
  });
  it('none has more than 70', () => {
    expect(functions.filter(({ lines }) => lines > 70)).toEqual([]);
  });
  it('no file has more than 300 lines', () => {
    const long = files.filter(({ text }) => linesOf(text) > 300);
    expect(long.map(({ path, text }) => `${path}: ${linesOf(text)}`)).toEqual([]);
  });
  it.each(['express', 'fastify', 'hono', 'koa', 'next', 'node'])(
    'the adapter for %s has fewer than 80 lines',
    (host) => {
      const file = files.find(({ path }) => path === `http/${host}.ts`);
      expect(linesOf(file?.text ?? '')).toBeGreaterThan(0);
      expect(linesOf(file?.text ?? '')).toBeLessThan(80);
    },
  );
  it('a function is measured from its first line to its last', () => {
    const invented = parsed(
      'class A {\n  b() {\n    return [1].map((x) => {\n      x;\n    });\n  }\n}',
    );
    expect(functionsOf(invented)).toEqual([{ where: 'invented.ts:2', lines: 5 }]);
  });
});

describe('types are not evaded', () => {
  it('nowhere in src, but for fields that an executor sets', () => {
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
  ])('%s is found', (text, fault) => expect(evasionsOf(parsed(text))).toEqual([fault]));
});

const isAssignment = ({ kind }: ts.Node): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** Function literals right behind `x.y =`, which V8 allocates in the old space, each time. */
function lastingClosuresOf({ path, tree }: SourceFile): string[] {
  return nodesOf(tree).flatMap((node) => {
    if (!ts.isBinaryExpression(node) || !isAssignment(node.operatorToken)) return [];
    const isProperty =
      ts.isPropertyAccessExpression(node.left) || ts.isElementAccessExpression(node.left);
    const isFunction = ts.isArrowFunction(node.right) || ts.isFunctionExpression(node.right);
    return isProperty && isFunction ? [`${path}: ${node.left.getText()}`] : [];
  });
}

describe('closures of a call die with it', () => {
  it('because none in src stands right behind `x.y =`', () => {
    expect(files.flatMap(lastingClosuresOf)).toEqual([]);
  });

  it.each([
    ['a.b = () => c;', 'invented.ts: a.b'],
    ['this.#b = async () => c;', 'invented.ts: this.#b'],
    ['a.b ??= function () {};', 'invented.ts: a.b'],
    ['a[0] = () => c;', 'invented.ts: a[0]'],
  ])('%s is found', (text, fault) => expect(lastingClosuresOf(parsed(text))).toEqual([fault]));

  it('a variable in between is let through', () => {
    expect(lastingClosuresOf(parsed('const c = () => d; a.b = c; e = () => f;'))).toEqual([]);
  });
});

describe('names', () => {
  it('files and folders are kebab-case, and say what they hold', () => {
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
  ])('%s would not pass', (path) => expect(misnamed(path)).toBe(true));
});

describe('the map in src/README.md', () => {
  const map = readFileSync(`${ROOT}src/README.md`, 'utf8');
  const rows = [...map.matchAll(/^\| `([\w-]+)\/` /gm)].map(([, folder]) => folder);
  const folders = readdirSync(`${ROOT}src`, { withFileTypes: true }).filter((e) => e.isDirectory());

  it('has a row for each folder, and no other', () => {
    expect(rows.sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it('names only files that exist', () => {
    const named = [...map.matchAll(/[\w./-]+\.ts\b/g)].map(([name]) => name);
    expect(named).toContain('pipeline.ts');
    const known = (name: string) =>
      existsSync(`${ROOT}${name}`) ||
      files.some(({ path }) => [path, basename(path)].includes(name));
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('has a file in stages for each verb of the line', () => {
    const verbs = /^ {4}(identify.*settle)$/m.exec(map)?.[1]?.split(' → ') ?? [];
    expect(verbs).toHaveLength(7);
    const missing = verbs.filter((verb) => !files.some(({ path }) => path === `stages/${verb}.ts`));
    expect(missing).toEqual([]);
  });
});
