import { type Arrow, circlesOf, mutualPairs, regroup } from './graph.ts';
import { edgesOf } from './imports.ts';
import { folderOf, type SourceFile } from './source-files.ts';

/** The tree from above: rooms, and the imports between them, those of types included. */
export interface Plan {
  readonly rooms: number;
  readonly arrows: number;
  readonly roomCircles: readonly (readonly string[])[];
  readonly rootFiles: readonly string[];
  readonly folders: number;
  readonly folderCircles: readonly (readonly string[])[];
  readonly mutualFolders: readonly string[];
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
    roomCircles: circlesOf(byRoom),
    rootFiles: paths.filter((path) => folderOf(path) === '.'),
    folders: new Set(paths.map(folderOf)).size,
    folderCircles: circlesOf(byFolder),
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

/** All imports of a tree's files by each other. */
export function importsOf(files: readonly SourceFile[]) {
  const known = new Set(files.map(({ path }) => path));
  return files.flatMap((file) => edgesOf(file, known)).filter(({ to }) => known.has(to));
}
