import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The contender alone on one core; OpenAI's stand-in and the load on another. */
const CORE = { contender: '0', load: '1' } as const;

const canPin = availableParallelism() >= 2 && hasTaskset();

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Moves this process to the core of the load; false where that is not possible. */
export function pinLoad(): boolean {
  if (canPin) execFileSync('taskset', ['-acp', CORE.load, String(process.pid)]);
  return canPin;
}

/** How to fork a process onto one of the two cores. */
export function pinned(
  core: keyof typeof CORE,
  nodeArguments: readonly string[],
): { execPath: string; execArgv: string[] } {
  if (!canPin) return { execPath: process.execPath, execArgv: [...nodeArguments] };
  const execArgv = ['-c', CORE[core], process.execPath, ...nodeArguments];
  return { execPath: 'taskset', execArgv };
}
