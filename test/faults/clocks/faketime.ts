import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';

/**
 * The library that fakes the time of a process. If it is missing, warns loudly, and fails under CI.
 */
export function faketimeLibrary(): string | undefined {
  const isLibrary = (path: string) => path.endsWith('faketime/libfaketime.so.1');
  const folders = readdirSync(LIBRARIES).filter((name) => name.includes('linux-gnu'));
  const paths = folders.flatMap((folder) => filesOf(join(LIBRARIES, folder, 'faketime')));
  const found = paths.find(isLibrary);
  if (found !== undefined) return found;
  const reason = 'no libfaketime found: backends with wrong clocks are NOT tested';
  if (process.env['CI']) throw new Error(`${reason} (apt install libfaketime)`);
  console.warn(`\n***** ${reason} (apt install libfaketime) *****\n`);
  return undefined;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The environment of a process with a wall clock off by whole hours. Its timers stay correct. */
export const offByHours = (library: string, hours: number): Record<string, string> => ({
  LD_PRELOAD: library,
  FAKETIME: `${hours < 0 ? '' : '+'}${hours}h`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});
