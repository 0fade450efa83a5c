import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AloneFigures } from './alone.ts';
import { pinned } from './cores.ts';

const SCRIPT = fileURLToPath(new URL('alone.ts', import.meta.url));
const MS_MAX = 120_000;

/** Runs what needs no HTTP in a process of its own. */
export async function runAlone(isQuick: boolean): Promise<AloneFigures> {
  const child = fork(SCRIPT, isQuick ? ['--quick'] : [], pinned('contender', ['--expose-gc']));
  const signal = AbortSignal.timeout(MS_MAX);
  const exited = once(child, 'exit', { signal });
  const [figures] = await Promise.race([
    once(child, 'message', { signal }),
    exited.then(() => {
      throw new Error('What is measured without HTTP ended early.');
    }),
  ]);
  await exited;
  return figures as AloneFigures;
}
