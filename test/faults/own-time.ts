import { vi } from 'vitest';
import type { Clock } from '../../src/index.ts';

export const MINUTE_MS = 60_000;

export interface OwnTime extends Disposable {
  readonly clock: Clock;
  /** Moves the clock on and lets the timer of the guard tick once. */
  pass(ms: number): void;
}

/** A clock that stands still, and the timer of the guard with it. Sockets and deadlines run on. */
export function ownTime(): OwnTime {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let nowMs = Date.now();
  return {
    clock: { nowMs: () => nowMs },
    pass(ms) {
      nowMs += ms;
      vi.advanceTimersByTime(1_000);
    },
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}

/** Lets minutes pass until `ended` resolves, however late the timed work began. */
export async function passUntil(
  ended: Promise<unknown>,
  time: OwnTime,
  stepMs = MINUTE_MS,
): Promise<void> {
  let hasEnded = false;
  const note = () => {
    hasEnded = true;
  };
  void ended.then(note);
  while (!hasEnded) {
    time.pass(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
