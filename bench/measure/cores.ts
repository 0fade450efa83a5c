import { execFileSync } from 'node:child_process';

/** Where a process runs: on the contender's core, on the load's core, or on any core. */
export type Place = 'contender' | 'load' | 'anywhere';

/** The cores that this process may use, according to `taskset`; empty without `taskset`. */
const CORES = coresOf(process.pid);

/** Whether contender and load can each have their own core. */
export const canPin: boolean = CORES.length >= 2;

function coresOf(pid: number): readonly number[] {
  try {
    const said = execFileSync('taskset', ['-cp', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return (said.split(':').at(-1) ?? '').split(',').flatMap(span);
  } catch {
    return [];
  }
}

/** Returns 0, 1, 2 for `0-2`. */
function span(text: string): number[] {
  const [first = 0, last = first] = text.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function listOf(place: Place): string {
  if (place === 'anywhere') return CORES.join(',');
  return String(place === 'contender' ? CORES[0] : CORES[1]);
}

/** Returns the options to fork a process that runs at this place. */
export function pinned(
  place: Place,
  nodeArguments: readonly string[],
): { execPath: string; execArgv: string[] } {
  if (!canPin) return { execPath: process.execPath, execArgv: [...nodeArguments] };
  const execArgv = ['-c', listOf(place), process.execPath, ...nodeArguments];
  return { execPath: 'taskset', execArgv };
}

/** Moves this process to a place until disposal. No effect if cores cannot be assigned. */
export function pinSelf(place: Place): Disposable {
  const move = (to: Place) => {
    if (!canPin) return;
    execFileSync('taskset', ['-acp', listOf(to), String(process.pid)], { stdio: 'ignore' });
  };
  move(place);
  return { [Symbol.dispose]: () => move('anywhere') };
}
