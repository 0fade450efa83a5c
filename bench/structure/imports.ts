import { posix } from 'node:path';
import ts from 'typescript';
import { nodesOf, type SourceFile } from './source-files.ts';

/** One import of one file of the tree by another. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Gone when the types are stripped. */
  readonly typeOnly: boolean;
}

/** What a file imports by a relative path, written with `.ts`, with `.js` or without an ending. */
export function edgesOf({ path, tree }: SourceFile, known?: ReadonlySet<string>): Edge[] {
  return nodesOf(tree).flatMap((node) => {
    const target = targetOf(node);
    if (!target?.startsWith('.')) return [];
    const written = posix.join(posix.dirname(path), target);
    return [{ from: path, to: resolve(written, known), typeOnly: isTypeOnly(node) }];
  });
}

function resolve(written: string, known: ReadonlySet<string> | undefined): string {
  const stem = written.replace(/\.m?[jt]s$/, '');
  const candidates = [written, `${stem}.ts`, `${stem}.mts`, `${stem}.tsx`, `${stem}/index.ts`];
  return candidates.find((path) => known?.has(path)) ?? written;
}

/** Static and dynamic imports, exports from, and types written as `import('…')`. */
function targetOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return textOf(node.moduleSpecifier);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return textOf(node.argument.literal);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return textOf(node.arguments[0]);
  }
  return undefined;
}

const textOf = (node: ts.Node | undefined): string | undefined =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) {
    return node.isTypeOnly || areTypes(node.exportClause);
  }
  if (!ts.isImportDeclaration(node) || node.importClause === undefined) return false;
  const { phaseModifier, name, namedBindings } = node.importClause;
  if (phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return name === undefined && areTypes(namedBindings);
}

/** `{ type A, type B }`; an empty list still runs the file. */
function areTypes(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || !(ts.isNamedImports(names) || ts.isNamedExports(names))) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}
