import { type Dirent, readdirSync } from 'node:fs';
import { posix } from 'node:path';

const isOurs = ({ name }: Dirent): boolean => !name.startsWith('.') && name !== 'node_modules';

/**
 * Every file below a folder, by its path from there, sorted. Hidden folders and installed packages are left
 * out: other tests may write and delete in them at the same time.
 */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(isOurs)
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(posix.join(folder, entry.name)).map((path) => posix.join(entry.name, path))
        : [entry.name],
    )
    .sort();
}
