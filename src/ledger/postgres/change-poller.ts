import { ANY_KEY } from '../ledger.ts';
import type { Listen } from './listen.ts';
import { isHashed } from './storable.ts';

/** What was changed after a number, in order, and the largest number of change there is. */
export interface Changes {
  readonly keys: readonly string[];
  readonly upTo: number;
  /** There were more, which are not listed. */
  readonly isCut: boolean;
}

type Listener = (key: string) => void;

/** What is notified meanwhile is asked for together. */
const WAKE_MS = 10;

/**
 * Asks for changed records while anybody listens: when it is woken, and every `everyMs` anyhow. What was missed while the store
 * could not be asked is told as `ANY_KEY`. Its timer does not keep the process alive.
 */
export class ChangePoller {
  readonly #ask: (after: number | undefined) => Promise<Changes>;
  readonly #everyMs: number;
  readonly #listen: Listen;
  readonly #listeners = new Set<Listener>();
  #after: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;
  #isAsking = false;
  #isWoken = false;

  constructor(
    ask: (after: number | undefined) => Promise<Changes>,
    everyMs: number,
    listen: Listen,
  ) {
    this.#ask = ask;
    this.#everyMs = everyMs;
    this.#listen = listen;
  }

  add(listener: Listener): () => void {
    // A wrapper of its own, so that a listener given twice is also stopped one at a time.
    const own = (key: string) => listener(key);
    this.#listeners.add(own);
    if (this.#timer === undefined) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  tell(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#after = undefined;
    this.#listeners.clear();
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  #start(): void {
    this.#isAsking = false;
    this.#isWoken = false;
    this.#next(0);
    this.#unlisten = this.#listen(() => this.#wake());
  }

  /** What is notified while an answer is on its way may not be in it. */
  #wake(): void {
    if (this.#timer === undefined || this.#isWoken) return;
    this.#isWoken = true;
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    this.#next(WAKE_MS);
  }

  #next(inMs: number): void {
    const timer = setTimeout(() => void this.#poll(timer), inMs);
    this.#timer = timer.unref();
  }

  async #poll(timer: NodeJS.Timeout): Promise<void> {
    const after = this.#after;
    this.#isWoken = false;
    this.#isAsking = true;
    const changes = await this.#ask(after).catch(() => undefined);
    if (this.#timer !== timer) return;
    this.#isAsking = false;
    this.#after = changes?.upTo;
    // Nobody knows what changed before the first answer, or while there was none.
    if (after === undefined || changes === undefined || changes.isCut) this.tell(ANY_KEY);
    else for (const key of changes.keys) this.tell(isHashed(key) ? ANY_KEY : key);
    if (this.#timer === timer) this.#next(this.#isWoken ? WAKE_MS : this.#everyMs);
  }
}
