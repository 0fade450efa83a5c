import ts from 'typescript';
import { lineOf, nodesOf, type SourceFile } from './source-files.ts';

export interface MeasuredFunction {
  readonly where: string;
  /** And not a single expression behind an arrow. */
  readonly isBlock: boolean;
  /** An argument of a call. */
  readonly isCallback: boolean;
  readonly lines: number;
  readonly parameters: number;
  /** Of statements that branch or repeat, within each other. */
  readonly nesting: number;
}

/** Every function that has a body, callbacks included. */
export function functionsOf(file: SourceFile): MeasuredFunction[] {
  return nodesOf(file.tree).flatMap((node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return [];
    const first = lineOf(file, node);
    const last = file.tree.getLineAndCharacterOfPosition(node.end).line + 1;
    return [
      {
        where: `${file.path}:${first}`,
        isBlock: ts.isBlock(node.body),
        isCallback: ts.isCallExpression(node.parent) && node.parent.expression !== node,
        lines: last - first + 1,
        parameters: node.parameters.length,
        nesting: nestingOf(node.body),
      },
    ];
  });
}

/** Functions within are counted by themselves; `else if` is no deeper than its `if`. */
function nestingOf(node: ts.Node): number {
  let deepest = 0;
  ts.forEachChild(node, (child) => {
    if (ts.isFunctionLike(child)) return;
    const own = nests(child) && !isElseIf(child) ? 1 : 0;
    deepest = Math.max(deepest, own + nestingOf(child));
  });
  return deepest;
}

const nests = (node: ts.Node): boolean =>
  ts.isIfStatement(node) ||
  ts.isIterationStatement(node, false) ||
  ts.isSwitchStatement(node) ||
  ts.isTryStatement(node);

const isElseIf = (node: ts.Node): boolean =>
  ts.isIfStatement(node.parent) && node.parent.elseStatement === node;
