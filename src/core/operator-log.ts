import type { Clock } from '../base/clock.ts';
import { isPromiseLike } from '../base/deadline.ts';
import type { DegradedEvent, FailedEvent, RecoveredEvent } from './events.ts';
import { failureLine, kindOf } from './failure-line.ts';
import { onOneLine, withoutSecrets } from './redact-text.ts';

/** Where the guard writes what no listener takes: `console`, or a logger with the same two methods. */
export interface GuardLogger {
  /** Writes one line about a failure. */
  error(message: string): unknown;
  /** Writes one line about something that may be wrong. */
  warn(message: string): unknown;
}

const KINDS_MAX = 100;
const AGAIN_AFTER_MS = 60_000;
const LINE_LENGTH_MAX = 1_000;

interface KnownKind {
  readonly printedAtMs: number;
  unprinted: number;
}

/**
 * Writes failures that no listener takes: one line for each kind and minute, without prompts, answers, keys
 * and credentials. Knows 100 kinds; a further one replaces the one that was printed longest ago. A logger
 * that throws changes nothing for the call.
 */
export class OperatorLog {
  readonly #logger: GuardLogger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, KnownKind>();

  constructor(logger: GuardLogger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  failed(event: FailedEvent): void {
    const isMild = event.source === 'usage' || event.upstream?.causedByRequest === true;
    this.#print(isMild ? 'warn' : 'error', kindOf(event), () => failureLine(event));
  }

  listenerOfFailed(error: unknown): void {
    this.failed({ source: 'listener', listener: 'failed', error });
  }

  degraded({ reason }: DegradedEvent): void {
    this.warn(
      `The store of the ledger fails: ${reason}. Until it works again, "onLedgerFailure" of each limit decides.`,
    );
  }

  recovered({ failedForMs, served, refused }: RecoveredEvent): void {
    const seconds = Math.ceil(failedForMs / 1000);
    this.warn(
      `The store of the ledger works again after ${seconds} s. Calls that were decided without it: ${served} served, ${refused} refused.`,
    );
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  #print(level: keyof GuardLogger, kind: string, text: () => string): void {
    const nowMs = this.#clock.nowMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && isRecent(known, nowMs)) {
      known.unprinted += 1;
      return;
    }
    this.#remember(kind, nowMs);
    const unprinted = known?.unprinted ?? 0;
    const more = unprinted === 0 ? '' : ` (${unprinted} more of this kind were not printed.)`;
    this.#write(level, text() + more);
  }

  /** The kind that was printed last is the last in the map. */
  #remember(kind: string, printedAtMs: number): void {
    this.#kinds.delete(kind);
    const [oldest] = this.#kinds.keys();
    if (oldest !== undefined && this.#kinds.size >= KINDS_MAX) this.#kinds.delete(oldest);
    this.#kinds.set(kind, { printedAtMs, unprinted: 0 });
  }

  #write(level: keyof GuardLogger, text: string): void {
    try {
      const line = `guarded-completion: ${onOneLine(withoutSecrets(text)).slice(0, LINE_LENGTH_MAX)}`;
      const written = this.#logger[level](line);
      if (isPromiseLike(written)) written.then(undefined, () => {});
    } catch {
      // A logger must not break the call.
    }
  }
}

/** A clock that was set back prints again. */
function isRecent({ printedAtMs }: KnownKind, nowMs: number): boolean {
  return nowMs >= printedAtMs && nowMs - printedAtMs < AGAIN_AFTER_MS;
}
