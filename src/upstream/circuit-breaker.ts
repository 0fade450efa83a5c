import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { parseJson } from '../core/json.ts';
import { ANY_KEY, type Records } from '../ledger/records.ts';

/** Why calls no longer go to an upstream: it failed 5 times in a row, or it refuses the operator's account. */
export type CircuitTrouble = 'failures' | 'account';

/** `half-open`: its deadline has passed, and one call tries. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Where account trouble is kept, so that other processes need not find it out. */
export interface SharedCircuit {
  readonly records: Records;
  /** Names the upstream, the same in every process. */
  readonly upstream: string;
  /** Called with an error of the store. The circuit of this process works without it. */
  readonly onError: (error: unknown) => void;
}

/** What a circuit breaker works with. */
export interface CircuitBreakerParts {
  readonly clock: Clock;
  /** `false` never opens: right where no other upstream could serve a call. */
  readonly enabled: boolean;
  /** Called when it opens, or opens again. `untilMs`: when one call may try, Unix ms. */
  readonly onOpened: (untilMs: number, trouble: CircuitTrouble) => void;
  /** Called when it closes. */
  readonly onClosed?: () => void;
  readonly shared?: SharedCircuit;
}

const FAILURES_MAX = 5;
const OPEN_MS = 5_000;
const OPEN_MS_MAX = 60_000;
const ACCOUNT_MS = 300_000;
/** A call that tries and does not end gives way to the next. */
const TRY_MS_MAX = 60_000;
const PREFIX = 'circuit:';

const recordSchema = z.object({ untilMs: z.number() });

/**
 * Keeps calls from an upstream that fails. Five failures in a row open it for 5 s; then one call may try. It closes
 * when that call succeeds, and opens for twice as long, up to 60 s, when it fails. Trouble with the account opens it
 * for 5 minutes, in all processes. A deadline is never shortened: while it is open, results of calls that left
 * before change nothing. Failures are counted by each process.
 */
export class CircuitBreaker {
  readonly #parts: CircuitBreakerParts;
  readonly #listeners: (() => void)[] = [];
  readonly #unwatch: () => void;
  /** Failures since the last success while it is closed. */
  #failures = 0;
  /** 0 while it is closed. */
  #untilMs = 0;
  #openings = 0;
  /** When the call that tries gives way to the next; 0 while none does. */
  #triesUntilMs = 0;

  constructor(parts: CircuitBreakerParts) {
    this.#parts = parts;
    this.#unwatch = this.#watch();
  }

  /** When the next call may leave, Unix ms: 0 while it is closed. */
  get opensAtMs(): number {
    const nowMs = this.#parts.clock.nowMs();
    return unlessSetBack(Math.max(this.#untilMs, this.#triesUntilMs), nowMs);
  }

  get state(): CircuitState {
    if (this.#untilMs === 0) return 'closed';
    const nowMs = this.#parts.clock.nowMs();
    return unlessSetBack(this.#untilMs, nowMs) > nowMs ? 'open' : 'half-open';
  }

  /** Whether only one call may leave. */
  get isProbing(): boolean {
    return this.state === 'half-open';
  }

  /** A call leaves now. The first one after the deadline tries on its own. */
  leave(): void {
    if (this.isProbing) this.#triesUntilMs = this.#parts.clock.nowMs() + TRY_MS_MAX;
  }

  /** A call got an answer with a status below 500. */
  succeeded(): void {
    this.#failures = 0;
    if (!this.isProbing) return;
    this.#openings = 0;
    this.#untilMs = 0;
    this.#triesUntilMs = 0;
    this.#tell();
    this.#parts.onClosed?.();
  }

  /** A call got no answer, or one with a status of 5xx. */
  failed(): void {
    const { state } = this;
    if (state === 'open' || !this.#parts.enabled) return;
    this.#failures += 1;
    if (state === 'closed' && this.#failures < FAILURES_MAX) return;
    const openMs = Math.min(OPEN_MS * 2 ** this.#openings, OPEN_MS_MAX);
    this.#openings += 1;
    this.#open(this.#parts.clock.nowMs() + openMs, 'failures');
  }

  /** A call ended before the upstream showed whether it works, because its client is gone. */
  ended(): void {
    if (this.#triesUntilMs === 0) return;
    this.#triesUntilMs = 0;
    this.#tell();
  }

  /** The upstream has refused the key or the account. */
  accountTrouble(): void {
    const { enabled, clock, shared } = this.#parts;
    if (!enabled) return;
    const untilMs = clock.nowMs() + ACCOUNT_MS;
    this.#open(untilMs, 'account');
    void shared?.records
      .put(PREFIX + shared.upstream, JSON.stringify({ untilMs }), { expiresAtMs: untilMs })
      .catch(shared.onError);
  }

  /** Calls `listener` whenever `opensAtMs` may have come closer. */
  onOpen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Stops to follow the other processes. */
  close(): void {
    this.#unwatch();
  }

  #open(untilMs: number, trouble: CircuitTrouble): void {
    this.#failures = 0;
    const nowMs = this.#parts.clock.nowMs();
    this.#untilMs = Math.max(unlessSetBack(this.#untilMs, nowMs), untilMs);
    this.#triesUntilMs = 0;
    this.#tell();
    this.#parts.onOpened(this.#untilMs, trouble);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #watch(): () => void {
    const { enabled, shared } = this.#parts;
    if (!enabled || shared === undefined) return () => undefined;
    const key = PREFIX + shared.upstream;
    const read = () => void this.#read(key, shared);
    read();
    return shared.records.watch((changed) => {
      if (changed === key || changed === ANY_KEY) read();
    });
  }

  /** Opens it if another process has found trouble with the account. */
  async #read(key: string, { records, onError }: SharedCircuit): Promise<void> {
    try {
      const record = await records.get(key);
      const read = recordSchema.safeParse(parseJson(record?.value ?? ''));
      if (read.success) this.#openUntil(read.data.untilMs);
    } catch (error) {
      onError(error);
    }
  }

  #openUntil(atMs: number): void {
    const nowMs = this.#parts.clock.nowMs();
    const untilMs = Math.min(atMs, nowMs + ACCOUNT_MS);
    if (untilMs > nowMs && untilMs > this.#untilMs) this.#open(untilMs, 'account');
  }
}

/** A deadline further ahead than any is set has passed: the clock was set back. */
const unlessSetBack = (deadlineMs: number, nowMs: number): number =>
  deadlineMs > nowMs + ACCOUNT_MS ? nowMs : deadlineMs;
