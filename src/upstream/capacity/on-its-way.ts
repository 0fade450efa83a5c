import type { Departure, HeaderOf } from '../queue/outlet.ts';
import type { KnownAtStart } from './learned-capacity.ts';

/** A call on its way, and what was known when it left; nothing if the capacity is off. */
export interface LeftCall {
  readonly atMs: number;
  readonly known?: KnownAtStart;
}

/** What ends a call on its way. */
export interface CallEndings {
  answered(left: LeftCall, header: HeaderOf): void;
  refused(left: LeftCall, status: number, header: HeaderOf): void;
  failed(): void;
}

/** Ends one call. */
export class OnItsWay implements Departure {
  readonly #endings: CallEndings;
  readonly #left: LeftCall;

  constructor(endings: CallEndings, left: LeftCall) {
    this.#endings = endings;
    this.#left = left;
  }

  answered(header: HeaderOf): void {
    this.#endings.answered(this.#left, header);
  }

  refused(status: number, header: HeaderOf): void {
    this.#endings.refused(this.#left, status, header);
  }

  failed(): void {
    this.#endings.failed();
  }
}
