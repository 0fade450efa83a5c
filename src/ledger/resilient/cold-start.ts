const START_MS = 5_000;
/** How long a verb may take in a process that is starting. */
export const COLD_DEADLINE_MS = START_MS;
/** More than the first burst has. */
const WRITES = 100;

/**
 * The start of a process: 5 s from its first verb, or until the store has done 100 writes. On a busy
 * machine it opens connections, compiles code and checks the schema then, and its own delay would be
 * taken for the store's.
 */
export class ColdStart {
  #endsAtMs: number | undefined;
  #writesLeft = WRITES;

  get isOver(): boolean {
    if (this.#writesLeft <= 0) return true;
    const nowMs = performance.now();
    this.#endsAtMs ??= nowMs + START_MS;
    if (nowMs > this.#endsAtMs) this.end();
    return this.#writesLeft <= 0;
  }

  /** The store has done a write. */
  wrote(): void {
    this.#writesLeft -= 1;
  }

  end(): void {
    this.#writesLeft = 0;
  }
}
