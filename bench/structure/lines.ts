import ts from 'typescript';
import { nodesOf, type SourceFile } from './source-files.ts';

const WINDOW = 6;

/** Where each comment of a file starts and ends, in order. */
export function commentsOf({ text, tree }: SourceFile): ts.CommentRange[] {
  const found = new Map<number, ts.CommentRange>();
  for (const node of nodesOf(tree)) {
    const before = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    const behind = ts.getTrailingCommentRanges(text, node.end) ?? [];
    for (const range of [...before, ...behind, ...insideOf(node, text)])
      found.set(range.pos, range);
  }
  return [...found.values()].sort((a, b) => a.pos - b.pos);
}

/** Comments in front of a closing bracket, which is no node. */
function insideOf(node: ts.Node, text: string): readonly ts.CommentRange[] {
  const last = node.getLastToken();
  if (last === undefined || last.pos === last.getStart()) return [];
  return ts.getLeadingCommentRanges(text, last.pos) ?? [];
}

/** How many lines hold a comment, or a part of one. */
export function commentLines(file: SourceFile): number {
  const line = (at: number) => file.tree.getLineAndCharacterOfPosition(at).line;
  const lines = commentsOf(file).flatMap(({ pos, end }) =>
    Array.from({ length: line(end) - line(pos) + 1 }, (_, n) => line(pos) + n),
  );
  return new Set(lines).size;
}

export const filledLines = ({ text }: SourceFile): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Of all runs of six lines of code, the share that stands elsewhere too. */
export function duplication(files: readonly SourceFile[]): number {
  const code = files.map((file) =>
    filledLines(file).filter((line) => !/^(?:\/\/|\/\*|\*)/.test(line)),
  );
  const runs = code.flatMap((lines) =>
    lines.slice(WINDOW - 1).map((_, at) => lines.slice(at, at + WINDOW).join('\n')),
  );
  const repeated = [...Map.groupBy(runs, (run) => run).values()].filter(({ length }) => length > 1);
  return repeated.flat().length / runs.length;
}
