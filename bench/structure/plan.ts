import { type Arrow, circlesOf, mutualPairs, regroup } from './graph.ts';
import { edgesOf } from './imports.ts';
import { folderOf, type SourceFile } from './source-files.ts';

/** The tree from above: rooms, and the imports between them, those of types included. */
export interface Plan {
  readonly rooms: number;
  readonly arrows: number;
  readonly roomCircles: readonly Circle[];
  readonly rootFiles: readonly string[];
  readonly folders: number;
  readonly folderCircles: readonly Circle[];
  readonly mutualFolders: readonly string[];
}

export interface Circle {
  readonly members: readonly string[];
  /** Between each two members the first import by path, as `from → to`. */
  readonly ties: readonly string[];
}

/** A room is a folder of the tree's root with all below it, or a file that lies loose in the root. */
export const roomOf = (path: string): string => path.split('/')[0] ?? path;

export function planOf(files: readonly SourceFile[]): Plan {
  const paths = files.map(({ path }) => path);
  const imports = importsOf(files);
  const byRoom = regroup(imports, roomOf);
  const byFolder = folderArrows(imports);
  return {
    rooms: new Set(paths.map(roomOf)).size,
    arrows: byRoom.length,
    roomCircles: tied(circlesOf(byRoom), imports, roomOf),
    rootFiles: paths.filter((path) => folderOf(path) === '.'),
    folders: new Set(paths.map(folderOf)).size,
    folderCircles: tied(circlesOf(byFolder), imports, folderOf),
    mutualFolders: mutualPairs(byFolder),
  };
}

/**
 * Imports between folders, each folder by itself. An index that nothing imports is the door of its folder, and
 * what it collects ties that folder to no other.
 */
export function folderArrows(imports: readonly Arrow[]): Arrow[] {
  const imported = new Set(imports.map(({ to }) => to));
  const isDoor = (path: string) => /(?:^|\/)index\.m?tsx?$/.test(path) && !imported.has(path);
  return regroup(
    imports.filter(({ from }) => !isDoor(from)),
    folderOf,
  );
}

function tied(
  circles: readonly (readonly string[])[],
  imports: readonly Arrow[],
  groupOf: (path: string) => string,
): Circle[] {
  return circles.map((members) => {
    const inside = imports.filter(({ from, to }) => {
      const [start, end] = [groupOf(from), groupOf(to)];
      return start !== end && members.includes(start) && members.includes(end);
    });
    const byPair = Map.groupBy(inside, ({ from, to }) => `${groupOf(from)} → ${groupOf(to)}`);
    return { members, ties: [...byPair.values()].map(([first]) => arrowName(first)).sort() };
  });
}

const arrowName = (arrow: Arrow | undefined): string => `${arrow?.from} → ${arrow?.to}`;

/** All imports of a tree's files by each other. */
export function importsOf(files: readonly SourceFile[]) {
  const known = new Set(files.map(({ path }) => path));
  return files.flatMap((file) => edgesOf(file, known)).filter(({ to }) => known.has(to));
}
