/** Holds answers of a fake until the test lets them pass, so that no test needs to sleep. */
export interface Gate {
  /** Resolves as soon as an answer waits here. */
  arrived(): Promise<void>;
  /** Lets `count` answers, or chunks of an answer, pass, now or when they arrive. Default 1. */
  pass(count?: number): void;
  /** Lets everything pass, now and later. */
  open(): void;
  /** Resolves when the caller may pass. The fake calls it. */
  wait(): Promise<void>;
}

export function createGate(): Gate {
  let permits = 0;
  const waiting: Array<() => void> = [];
  const watching: Array<() => void> = [];
  const admit = () => {
    for (; permits > 0 && waiting.length > 0; permits--) waiting.shift()?.();
  };
  return {
    arrived: () =>
      waiting.length > 0 ? Promise.resolve() : new Promise((resolve) => watching.push(resolve)),
    pass: (count = 1) => {
      permits += count;
      admit();
    },
    open: () => {
      permits = Number.POSITIVE_INFINITY;
      admit();
    },
    wait: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        for (const notify of watching.splice(0)) notify();
        admit();
      }),
  };
}
