import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;
const SAME_LOOKS = 5;

/**
 * Resolves when a count above 0 has stopped growing. It polls, because no event reports that
 * nothing more will come.
 */
export async function untilStill(read: () => number): Promise<number> {
  let last = read();
  for (let same = 0; same < SAME_LOOKS; ) {
    await pause(LOOK_EVERY_MS);
    const now = read();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
  }
  return last;
}
