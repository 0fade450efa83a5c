import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { nodesOf, parse, type SourceFile } from '../../bench/structure/source-files.ts';
import { ROOT, sourceFiles } from './source.ts';

const files = sourceFiles();

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
  'pipeline/metered-stream.ts: #resolve!',
  'upstream/undici-transport.ts: #resolve!',
  'upstream/undici-transport.ts: #reject!',
];

const FORBIDDEN_WORDS = /(?:^|-)(?:utils?|helpers?|managers?|opts?|misc|common)(?:-|$)/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** What is wrong with the names in a path. */
function misnamed(path: string): boolean {
  const names = path.replace(/\.ts$/, '').split('/');
  return names.some((name) => !KEBAB_CASE.test(name) || FORBIDDEN_WORDS.test(name));
}

const parsed = (text: string): SourceFile => parse('invented.ts', text);

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
    expect(named.filter((name) => name.endsWith('pipeline.ts'))).not.toEqual([]);
    const known = (name: string) =>
      existsSync(`${ROOT}${name}`) ||
      files.some(({ path }) => [path, basename(path)].includes(name));
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('has a file in pipeline/ for each step', () => {
    const steps = /^ {4}(identify.*settle)$/m.exec(map)?.[1]?.split(' → ') ?? [];
    expect(steps).toHaveLength(7);
    const missing = steps.filter(
      (step) => !files.some(({ path }) => path === `pipeline/${step}.ts`),
    );
    expect(missing).toEqual([]);
  });
});
