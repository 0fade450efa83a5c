import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 20;

/**
 * Repeats, for `deadlineMs`, what a Cluster did not do since the slot of its keys is moving to another
 * node. ioredis does so by itself, node-redis 6 does not.
 */
export async function whileMoving<T>(run: () => Promise<T>, deadlineMs: number): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isMoving(error) || performance.now() + PAUSE_MS >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const isMoving = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('TRYAGAIN');
