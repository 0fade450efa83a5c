import ts from 'typescript';
import { exportedNames } from './exported.ts';
import { functionsOf } from './functions.ts';
import { circlesOf, depthOf, reachOf } from './graph.ts';
import { commentLines, duplication, filledLines } from './lines.ts';
import { importsOf, type Plan, planOf } from './plan.ts';
import { folderOf, lineCount, nodesOf, readTree, type SourceFile } from './source-files.ts';

/** The middle, what 95 % do not exceed, and the most. */
export interface Sizes {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** Shares are of 1. */
export interface Structure {
  readonly files: number;
  readonly lines: number;
  readonly fileLines: Sizes;
  readonly filesUnder25: number;
  readonly functions: number;
  readonly functionLines: Sizes;
  readonly functionsOver50: number;
  readonly functionsOver70: number;
  readonly nested3Deep: number;
  readonly fourParameters: number;
  readonly exportedNames: number;
  readonly documented: number;
  readonly examples: number;
  readonly imports: number;
  readonly importDepth: number;
  readonly valueDepth: number;
  readonly circles: readonly (readonly string[])[];
  readonly valueCircles: readonly (readonly string[])[];
  readonly medianReach: number;
  readonly comments: number;
  readonly duplication: number;
  readonly anyPer1000: number;
  readonly castsPer1000: number;
  readonly largestFolder: { readonly path: string; readonly files: number };
  readonly plan: Plan;
  readonly tests: TestSizes | undefined;
}

export interface TestSizes {
  /** Lines of test code for each line of source. */
  readonly ratio: number;
  readonly fileLines: Sizes;
}

/** Measures the TypeScript files of a folder, and beside them those of its tests, if there are any. */
export function measure(folder: string, testFolder?: string): Structure {
  const files = readTree(folder);
  if (files.length === 0) throw new TypeError(`there is no TypeScript in "${folder}"`);
  return {
    ...sizesOfFiles(files),
    ...sizesOfFunctions(files),
    ...ofNames(files),
    ...ofImports(files),
    ...ofText(files),
    plan: planOf(files),
    tests: testFolder === undefined ? undefined : ofTests(readTree(testFolder), totalLines(files)),
  };
}

function sizesOfFiles(files: readonly SourceFile[]) {
  const lines = files.map(lineCount);
  const folders = [...Map.groupBy(files, ({ path }) => folderOf(path))]
    .map(([path, { length }]) => ({ path, files: length }))
    .sort((a, b) => b.files - a.files);
  return {
    files: files.length,
    lines: totalLines(files),
    fileLines: sizes(lines),
    filesUnder25: lines.filter((count) => count < 25).length,
    largestFolder: folders[0] ?? { path: '.', files: 0 },
  };
}

function sizesOfFunctions(files: readonly SourceFile[]) {
  const functions = files.flatMap(functionsOf);
  const blocks = functions.filter(({ isBlock }) => isBlock);
  const share = (count: number) => count / blocks.length;
  return {
    functions: blocks.length,
    functionLines: sizes(blocks.map(({ lines }) => lines)),
    functionsOver50: share(blocks.filter(({ lines }) => lines > 50).length),
    functionsOver70: share(blocks.filter(({ lines }) => lines > 70).length),
    nested3Deep: share(blocks.filter(({ nesting }) => nesting >= 3).length),
    fourParameters: functions.filter(({ parameters }) => parameters >= 4).length / functions.length,
  };
}

function ofNames(files: readonly SourceFile[]) {
  const names = files.flatMap(exportedNames);
  return {
    exportedNames: names.length,
    documented: names.filter(({ documented }) => documented).length / names.length,
    examples: sum(files.map(({ text }) => text.match(/^\s*\/?\*.*@example\b/gm)?.length ?? 0)),
  };
}

function ofImports(files: readonly SourceFile[]) {
  const imports = importsOf(files);
  const values = imports.filter(({ typeOnly }) => !typeOnly);
  const paths = files.map(({ path }) => path);
  return {
    imports: imports.length / files.length,
    // Counted in files, as one reads them: the one at the start counts too.
    importDepth: depthOf(imports) + 1,
    valueDepth: depthOf(values) + 1,
    circles: circlesOf(imports),
    valueCircles: circlesOf(values),
    medianReach: sizes(reachOf(imports, paths)).median,
  };
}

function ofText(files: readonly SourceFile[]) {
  const filled = sum(files.map((file) => filledLines(file).length));
  const thousands = totalLines(files) / 1_000;
  const nodes = files.flatMap(({ tree }) => nodesOf(tree));
  return {
    comments: sum(files.map(commentLines)) / filled,
    duplication: duplication(files),
    anyPer1000: nodes.filter(({ kind }) => kind === ts.SyntaxKind.AnyKeyword).length / thousands,
    castsPer1000: nodes.filter(isCast).length / thousands,
  };
}

/** `as const` asserts nothing. */
const isCast = (node: ts.Node): boolean =>
  ts.isTypeAssertionExpression(node) ||
  (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type));

function ofTests(files: readonly SourceFile[], sourceLines: number): TestSizes | undefined {
  if (files.length === 0) return undefined;
  const suites = files.filter(({ path }) => /\.(?:test|spec)\.[\w.]+$/.test(path));
  return {
    ratio: totalLines(files) / sourceLines,
    fileLines: sizes((suites.length > 0 ? suites : files).map(lineCount)),
  };
}

const totalLines = (files: readonly SourceFile[]): number => sum(files.map(lineCount));
const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** By nearest rank, so that each figure is one that occurs. */
export function sizes(values: readonly number[]): Sizes {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}
