import pLimit from 'p-limit';

/** Bounds the calls to OpenAI that are under way at once, and how many wait for one to end. */
export interface UpstreamQueue {
  /** Whether `take` would answer at once, with a place. */
  readonly isFree: boolean;
  /**
   * Answers the function that ends the turn (idempotent), or `undefined` when the queue is full, the
   * wait took longer than the deadline, or the waiter gave up: `onWait` gets the function to do that
   * with.
   */
  acquire(onWait: (giveUp: () => void) => void): LeaveQueue | Promise<LeaveQueue>;
}

export type LeaveQueue = (() => void) | undefined;

export function createUpstreamQueue(
  inFlightMax: number,
  queuedMax: number,
  deadlineMs: number,
): UpstreamQueue {
  let free = inFlightMax;
  let onFree: (() => void) | undefined;
  // The first in the queue waits for a place, the others for the first. Where nobody waits, a place is
  // taken without the queue's promises (measured: a tenth of a guarded call).
  const queue = pLimit(1);

  const place = (): (() => void) => {
    let taken = true;
    free -= 1;
    return () => {
      if (!taken) return;
      taken = false;
      free += 1;
      onFree?.();
    };
  };
  const untilFree = () => {
    if (free > 0) return undefined;
    return new Promise<void>((resolve) => {
      onFree = resolve;
    });
  };
  const wait = (onWait: (giveUp: () => void) => void) =>
    new Promise<LeaveQueue>((resolve) => {
      let late = false;
      const giveUp = () => {
        late = true;
        resolve(undefined);
      };
      const timer = setTimeout(giveUp, deadlineMs);
      onWait(giveUp);
      void queue(async () => {
        await untilFree();
        clearTimeout(timer);
        // Nobody waits any more: let the next one in at once.
        if (!late) resolve(place());
      });
    });

  const waiting = () => queue.activeCount + queue.pendingCount;
  const isFree = () => free > 0 && waiting() === 0;
  return {
    get isFree() {
      return isFree();
    },
    acquire(onWait) {
      if (isFree()) return place();
      return waiting() < queuedMax ? wait(onWait) : undefined;
    },
  };
}
