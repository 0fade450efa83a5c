import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { nodesOf, parse } from '../../bench/structure/source-files.ts';
import { ROOT } from './markdown.ts';

/** All nodes of a TypeScript file of this repository. */
export function nodesIn(file: string): ts.Node[] {
  return nodesOf(parse(file, readFileSync(ROOT + file, 'utf8')).tree);
}

/** Every name that a file declares at any depth. */
export function declaredIn(file: string): ReadonlySet<string> {
  const names = nodesIn(file).flatMap((node) => {
    const isDeclared =
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isMethodDeclaration(node);
    return isDeclared ? [node.name?.getText() ?? ''] : [];
  });
  return new Set(names);
}
