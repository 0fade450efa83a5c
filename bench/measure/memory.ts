import { setImmediate as turn } from 'node:timers/promises';

/** The memory of a process, in bytes. */
export interface Memory {
  /** Objects and buffers that are still in use. Needs `--expose-gc`. */
  readonly used: number;
  /** All memory that the system has given to the process. */
  readonly resident: number;
}

/** Objects freed in one turn of the event loop may free more in the next. */
const COLLECTIONS = 4;

export async function ownMemory(): Promise<Memory> {
  for (let left = COLLECTIONS; left > 0; left -= 1) {
    await turn();
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}
