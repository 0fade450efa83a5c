import { ANY_KEY, type RecordListener } from '../records.ts';
import type { Listen } from './listen.ts';
import { isHashed } from './stored-names.ts';

/** A record that changed; without a version if it was deleted. */
export interface RecordChange {
  readonly key: string;
  readonly version?: number;
}

/** What changed after a number, in order, and the largest number of a change. */
export interface Changes {
  readonly records: readonly RecordChange[];
  readonly upTo: number;
  /** There were more changes, which are not listed. */
  readonly isCut: boolean;
}

/** Notifications within this time are answered by one query. */
const WAKE_MS = 10;
/** The longest time until the next query after one that failed. */
const RETRY_MS = 1_000;
/** Deleted records are visible for an hour. A query within half of it has missed none. */
const SEEN_MS = 1_800_000;

/**
 * Queries changed records while there is a listener: when it is woken, and every `everyMs`. While
 * the store cannot be queried, listeners are not called; when it answers again, they get what
 * changed meanwhile, after a long time as `ANY_KEY`. The timer does not keep the process alive.
 */
export class ChangePoller {
  readonly #ask: (after: number | undefined) => Promise<Changes>;
  readonly #everyMs: number;
  readonly #listen: Listen;
  readonly #listeners = new Set<RecordListener>();
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

  add(listener: RecordListener): () => void {
    // A wrapper for each call, so that a listener that was added twice is also stopped one at a time.
    const own: RecordListener = (key, version) => listener(key, version);
    this.#listeners.add(own);
    if (this.#timer === undefined) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  tell(key: string, version?: number): void {
    for (const listener of this.#listeners) listener(key, version);
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

  /** A change that is notified while an answer is on its way may be missing in it. */
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

  /** Before the first answer it is not known what changed. */
  #tellChanges({ records, upTo, isCut }: Changes, isFirst: boolean): void {
    this.#after = upTo;
    this.#answeredAtMs = performance.now();
    if (isFirst || isCut) this.tell(ANY_KEY);
    else for (const record of records) this.#tellOf(record);
  }

  /** The key behind a hash is not known. */
  #tellOf({ key, version }: RecordChange): void {
    if (isHashed(key)) this.tell(ANY_KEY);
    else this.tell(key, version);
  }
}
