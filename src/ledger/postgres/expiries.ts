import type { Verb } from './batches.ts';

type Of = Pick<Verb, 'hold' | 'subjects'>;

interface Round {
  readonly subjects: Set<string>;
  readonly holds: Set<string>;
  readonly done: Promise<void>;
}

/**
 * Concludes leases that are over, one statement at a time: all who come while one is on its way, and
 * each of whom would lock the same rows, share the next.
 */
export class Expiries {
  readonly #expire: (subjects: readonly string[], holds: readonly string[]) => Promise<unknown>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Round | undefined;

  constructor(expire: (subjects: readonly string[], holds: readonly string[]) => Promise<unknown>) {
    this.#expire = expire;
  }

  conclude({ subjects = [], hold }: Of): Promise<void> {
    this.#next ??= this.#round();
    for (const subject of subjects) this.#next.subjects.add(subject);
    if (hold !== undefined) this.#next.holds.add(hold);
    return this.#next.done;
  }

  #round(): Round {
    const subjects = new Set<string>();
    const holds = new Set<string>();
    const done = this.#running.then(async () => {
      this.#next = undefined;
      await this.#expire([...subjects], [...holds]);
    });
    this.#running = done.catch(() => {});
    return { subjects, holds, done };
  }
}
