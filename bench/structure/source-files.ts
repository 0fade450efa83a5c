import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { filesBelow } from './files-below.ts';

/** One parsed file of a tree. */
export interface SourceFile {
  /** Below the tree's folder, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Every TypeScript file below a folder, by path; declaration files and installed packages are left out. */
export function readTree(folder: string): readonly SourceFile[] {
  if (!existsSync(folder)) return [];
  return filesBelow(folder)
    .filter((path) => /\.m?tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => parse(path, readFileSync(posix.join(folder, path), 'utf8')));
}

export function parse(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

/** The folder that holds a file; `.` is the root. */
export const folderOf = (path: string): string => posix.dirname(path);

export const lineCount = ({ text }: SourceFile): number => text.split('\n').length - 1;

/** The line that a node starts at, counted from 1. */
export const lineOf = ({ tree }: SourceFile, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;

/** All nodes below and including this one. */
export function nodesOf(node: ts.Node): ts.Node[] {
  const nodes = [node];
  ts.forEachChild(node, (child) => void nodes.push(...nodesOf(child)));
  return nodes;
}
