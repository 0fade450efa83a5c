import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import type { Records } from '../ledger/records.ts';

const TAKEN_MS = 60_000;
const STILL_SENDING = () => new Error('Messages are still being delivered.');
const KNOWN_MAX = 10_000;
const TAKEN = JSON.stringify('taken');
const SENT = JSON.stringify('sent');

export interface OncePerWindowParts {
  readonly records: Pick<Records, 'get' | 'put'>;
  readonly clock: Clock;
  /** A store that fails is reported here. The message is tried again a minute later. */
  readonly onError: (error: unknown) => void;
  /** A process that takes a message has this long to deliver it, by default a minute. If it dies meanwhile, another
   * process takes the message. */
  readonly takenMs?: number;
}

/** A message that one of all processes sends. */
export interface Message {
  /** Names the message and its window. */
  readonly key: string;
  /** Until when it is not sent again, Unix ms. */
  readonly untilMs: number;
  /** Resolves with whether it was delivered. Ends well within a minute, and never rejects. */
  deliver(): Promise<boolean>;
}

/**
 * Sends each message once over all processes: at least once if a process or the store fails, otherwise exactly
 * once. A message that was not delivered is tried again a minute later at the earliest, by the next call that
 * sends it.
 */
export class OncePerWindow {
  readonly #parts: OncePerWindowParts;
  /** Until when a message needs no look at the store. The oldest is forgotten, and then looked up once more. */
  readonly #quietUntilMs = new LRUCache<string, number>({ max: KNOWN_MAX });
  readonly #sending = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: OncePerWindowParts) {
    this.#parts = parts;
  }

  /** Whether a message was dealt with lately, here or in another process. */
  isKnown(key: string): boolean {
    return (this.#quietUntilMs.get(key) ?? 0) > this.#parts.clock.nowMs();
  }

  /** Treats a message as sent. */
  silence(key: string, untilMs: number): void {
    this.#quietUntilMs.set(key, untilMs);
  }

  /** Returns at once, and never throws. */
  send(message: Message): void {
    const { clock, onError, takenMs = TAKEN_MS } = this.#parts;
    if (this.#closed || this.isKnown(message.key)) return;
    const takenUntilMs = clock.nowMs() + takenMs;
    this.silence(message.key, takenUntilMs);
    const sending = this.#send(message, takenUntilMs)
      .catch((error: unknown) => {
        if (!this.#closed) onError(error);
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Resolves when every message so far is delivered or given up. */
  async idle(): Promise<void> {
    await Promise.all(this.#sending);
  }

  /** Sends nothing more. Resolves like `idle`, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    try {
      if (this.#sending.size > 0) await withDeadline(this.idle(), graceMs, STILL_SENDING);
    } catch {
      // Another process tries again what was not delivered.
    }
    this.#closed = true;
  }

  async #send(message: Message, takenUntilMs: number): Promise<void> {
    const { records } = this.#parts;
    const { key, untilMs } = message;
    const record = `sent:${hashOf(key)}`;
    const condition = { ifVersion: 0, expiresAtMs: takenUntilMs };
    if (await records.put(record, TAKEN, condition)) {
      if (!(await message.deliver())) return;
      this.silence(key, untilMs);
      await records.put(record, SENT, { expiresAtMs: untilMs });
    } else if ((await records.get(record))?.value === SENT) this.silence(key, untilMs);
  }
}

/** A text of 43 characters, the same in every process. */
export const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url');
