import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The targets compare with the ledgers of this commit. `--against` names another. */
export const BASELINE = 'ca6771d';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Not below `node_modules`, where Node runs no TypeScript. Packages still resolve from here. */
const CACHE = `${ROOT}.cache/bench`;

/** Writes the `src` of a commit into a cache, and returns that folder, or `undefined` if the clone does not
 * have the commit. */
export function extractBaseline(commit: string): string | undefined {
  const id = idOf(commit);
  if (id === undefined) return undefined;
  const folder = `${CACHE}/${id}`;
  if (!existsSync(folder)) extract(id, folder);
  return folder;
}

function idOf(commit: string): string | undefined {
  try {
    return git('rev-parse', '--verify', '--quiet', `${commit}^{commit}`).toString().trim();
  } catch {
    return undefined;
  }
}

/** Two concurrent runs may both extract it: each writes its own folder and renames it when complete. */
function extract(id: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}-`);
  execFileSync('tar', ['-x', '-C', unfinished], {
    input: git('archive', '--format=tar', id, 'src'),
  });
  if (!existsSync(folder)) renameSync(unfinished, folder);
}

function git(...words: readonly string[]): Buffer {
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  return execFileSync('git', words, { cwd: ROOT, stdio, maxBuffer: 1e9 });
}
