import type { Part, Phase } from './part.ts';

export type Ending = 'settled' | 'released';

/** What was taken by one reserve, and what became of it. */
export class Hold {
  readonly id: string;
  readonly parts: readonly Part[];
  dispatched: boolean;
  expiresAtMs: number;
  phase: Phase;
  /** `undefined` as long as it may still be ended. */
  ending: Ending | undefined = undefined;
  /** For a store that finds holds by id: whether it has this one. */
  isListed = false;
  /** For a store that keeps holds in a heap. */
  heapIndex = -1;

  constructor(
    id: string,
    parts: readonly Part[],
    dispatched: boolean,
    expiresAtMs: number,
    phase: Phase = 'held',
  ) {
    this.id = id;
    this.parts = parts;
    this.dispatched = dispatched;
    this.expiresAtMs = expiresAtMs;
    this.phase = phase;
  }
}
