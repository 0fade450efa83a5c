import type { Part, Phase } from './part.ts';

export type Ending = 'settled' | 'released';

/** What one reserve took, and how it ended. */
export class Hold {
  readonly id: string;
  readonly parts: readonly Part[];
  dispatched: boolean;
  expiresAtMs: number;
  phase: Phase;
  /** `undefined` while it may still be ended. */
  ending: Ending | undefined = undefined;
  /** For a store that finds holds by id: whether this one can be found. */
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
