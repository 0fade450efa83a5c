import { ANY_KEY } from '../records.ts';
import type { Listen } from './listen.ts';
import { isHashed } from './stored-names.ts';

/** What was changed after a number, in order, and the largest number of change there is. */
export interface Changes {
  readonly keys: readonly string[];
  readonly upTo: number;
  /** There were more, which are not listed. */
  readonly isCut: boolean;
}

type ChangeListener = (key: string) => void;

/** What is notified meanwhile is asked for together. */
const WAKE_MS = 10;
/** After a question that failed, at the latest. */
const RETRY_MS = 1_000;
/** Deleted records are seen for an hour; what was asked for within half of it has missed none. */
const SEEN_MS = 1_800_000;

/**
 * Asks for changed records while there is a listener: when it is woken, and every `everyMs`. A store that
 * cannot be asked tells nothing: what changed meanwhile is told when it answers again, after a long time
 * as `ANY_KEY`. Its timer does not keep the process alive.
 */
export class ChangePoller {
  readonly #ask: (after: number | undefined) => Promise<Changes>;
  readonly #everyMs: number;
  readonly #listen: Listen;
  readonly #listeners = new Set<ChangeListener>();
  #after: number | undefined;
  #answeredAtMs = 0;
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

  add(listener: ChangeListener): () => void {
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
    const isRecent = performance.now() - this.#answeredAtMs < SEEN_MS;
    const after = isRecent ? this.#after : undefined;
    this.#isWoken = false;
    this.#isAsking = true;
    const changes = await this.#ask(after).catch(() => undefined);
    if (this.#timer !== timer) return;
    this.#isAsking = false;
    if (changes !== undefined) this.#tellChanges(changes, after === undefined);
    if (this.#timer !== timer) return;
    const laterMs = changes === undefined ? Math.min(RETRY_MS, this.#everyMs) : this.#everyMs;
    this.#next(this.#isWoken ? WAKE_MS : laterMs);
  }

  /** Nobody knows what changed before the first answer. */
  #tellChanges({ keys, upTo, isCut }: Changes, isFirst: boolean): void {
    this.#after = upTo;
    this.#answeredAtMs = performance.now();
    if (isFirst || isCut) this.tell(ANY_KEY);
    else for (const key of keys) this.tell(isHashed(key) ? ANY_KEY : key);
  }
}
