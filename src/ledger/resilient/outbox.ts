import { LedgerError } from '../../core/errors.ts';

interface Letter {
  readonly deliver: () => Promise<unknown>;
  attempts: number;
}

interface OutboxOptions {
  /** Whether it makes sense to try now. */
  readonly isOpen: () => boolean;
  readonly onDropped: (error: LedgerError) => void;
  readonly max?: number;
}

const LETTERS_MAX = 10_000;
const AT_ONCE = 16;
const ATTEMPTS_MAX = 10;
const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = 5_000;
const CLOSING_LOOK_MS = 20;

/**
 * Writes that the store did not take are repeated until they succeed: at most `max` (default 10,000)
 * letters, each at most ten times, with waits that double from 0.1 s to 5 s. When the outbox is
 * full, new letters are rejected; existing ones are kept, because their calls ended first. Each
 * letter must be safe to repeat.
 */
export class Outbox {
  readonly #letters = new Map<string, Letter>();
  readonly #options: OutboxOptions;
  #retryMs = RETRY_MS_FIRST;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#letters.size;
  }

  /** Returns false if the outbox is full or closed. The same key twice is one letter. */
  add(key: string, deliver: () => Promise<unknown>): boolean {
    const { max = LETTERS_MAX } = this.#options;
    if (this.#closed || (this.#letters.size >= max && !this.#letters.has(key))) return false;
    if (!this.#letters.has(key)) this.#letters.set(key, { deliver, attempts: 0 });
    this.#wakeIn(this.#retryMs);
    return true;
  }

  /** Starts to deliver now, and does not wait for it. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = undefined;
      if (this.#letters.size > 0) this.#wakeIn(this.#retryMs);
    });
  }

  /** Delivers what it can until `deadlineMs` is over, then drops the rest. */
  async close(deadlineMs: number): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      await this.#running;
      if (this.#options.isOpen()) await this.#deliverOnce();
      if (this.#letters.size === 0 || performance.now() >= endMs) break;
      await pause(CLOSING_LOOK_MS);
    }
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#letters.size > 0) this.#drop(`${this.#letters.size} were unwritten at close`);
    this.#letters.clear();
  }

  #wakeIn(delayMs: number): void {
    // While the store fails, its recovery wakes the outbox.
    if (this.#timer !== undefined || this.#running !== undefined || !this.#options.isOpen()) return;
    this.#timer = setTimeout(() => this.wake(), delayMs).unref();
  }

  async #deliverAll(): Promise<void> {
    const failures = this.#options.isOpen() ? await this.#deliverOnce() : 0;
    this.#retryMs = failures === 0 ? RETRY_MS_FIRST : Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  /** Tries each letter once, a few at a time. Returns how many failed. */
  async #deliverOnce(): Promise<number> {
    const keys = this.#letters.keys();
    let failures = 0;
    const carry = async () => {
      for (const key of keys) if (!(await this.#deliver(key))) failures += 1;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, carry));
    return failures;
  }

  async #deliver(key: string): Promise<boolean> {
    const letter = this.#letters.get(key);
    if (letter === undefined) return true;
    letter.attempts += 1;
    try {
      await letter.deliver();
      this.#letters.delete(key);
      return true;
    } catch (error) {
      // An attempt that was not sent, because the store is known to fail, does not count.
      if (!this.#options.isOpen()) letter.attempts -= 1;
      else if (letter.attempts >= ATTEMPTS_MAX) this.#giveUp(key, error);
      return false;
    }
  }

  #giveUp(key: string, error: unknown): void {
    this.#letters.delete(key);
    this.#drop(`"${key}" was refused ${ATTEMPTS_MAX} times: ${String(error)}`);
  }

  #drop(what: string): void {
    this.#options.onDropped(new LedgerError(`A charge stays at its estimate: ${what}`));
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
