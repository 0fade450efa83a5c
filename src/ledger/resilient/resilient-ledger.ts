import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.ts';
import { LedgerError } from '../../core/errors.ts';
import { type Amounts, NO_AMOUNTS } from '../amounts.ts';
import type {
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../ledger.ts';
import { Fallback } from './fallback.ts';
import { type GuardedRecords, guardRecords } from './guarded-records.ts';
import { Outbox } from './outbox.ts';
import { StoreFailingError, StoreHealth } from './store-health.ts';

export interface ResilientLedgerOptions {
  /** How long the store may take for one verb. */
  readonly deadlineMs?: number;
  /** The same at the start of the process, see `ColdStart`. Without it, `deadlineMs`. */
  readonly startDeadlineMs?: number;
  /** Among how many processes a limit is divided while the store fails. */
  readonly processes?: number;
  /** How long cached users and tokens are used while the store fails. */
  readonly staleMs?: number;
  /** Charges that may wait for the store. */
  readonly maxUnwritten?: number;
  readonly clock?: Clock;
  readonly onDegraded?: (event: { readonly reason: string }) => void;
  readonly onRecovered?: (event: Tally & { readonly failedForMs: number }) => void;
  /** Called with an error of the store that no caller gets, because the call went on without the
   * store. */
  readonly onError?: (error: unknown) => void;
}

/** What was decided without the store since its last recovery. */
interface Tally {
  served: number;
  refused: number;
}

const DEADLINE_MS = 150;
const PROCESSES = 4;
const STALE_MS = 30_000;
/** An operator's request may take longer than a call may wait. */
const OPERATOR_DEADLINE_MS = 2_000;
const CLOSE_MS_MAX = 2_000;
/** Node fires a longer timer at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** For a hold that the next verb ends. */
const SHORT_LEASE = { durationMs: 1_000, dispatched: false };

/**
 * Decides every reserve within the deadline, whatever the store does: by the store, or by each
 * rule's `onFailure`. A write that failed is repeated until it succeeds, or until its lease has
 * charged the estimate. While the store works, its answers are passed on unchanged.
 */
export class ResilientLedger implements Ledger {
  readonly records: GuardedRecords;
  readonly #store: Ledger;
  readonly #options: ResilientLedgerOptions;
  readonly #health: StoreHealth;
  readonly #outbox: Outbox;
  readonly #fallback: Fallback;
  /** Ids that the store holds for rules that would let the call through without it. */
  readonly #indifferent = new Set<string>();
  #tally: Tally = { served: 0, refused: 0 };
  #failingSinceMs = 0;
  #staleTimer: NodeJS.Timeout | undefined;

  constructor(store: Ledger, options: ResilientLedgerOptions = {}) {
    const { deadlineMs = DEADLINE_MS, processes = PROCESSES, clock = systemClock } = options;
    this.#store = store;
    this.#options = options;
    this.#health = new StoreHealth({
      deadlineMs,
      ...(options.startDeadlineMs !== undefined && { startDeadlineMs: options.startDeadlineMs }),
      probe: () => this.#probe(),
      onFailing: (reason) => this.#beginFailing(reason),
      onWell: () => this.#endFailing(),
    });
    this.#outbox = new Outbox({
      isOpen: () => !this.#health.failing,
      onDropped: (error) => options.onError?.(error),
      ...(options.maxUnwritten !== undefined && { max: options.maxUnwritten }),
    });
    this.#fallback = new Fallback({ processes, clock });
    this.records = guardRecords(store.records, this.#health);
  }

  /** Charges that wait for the store. */
  get unwritten(): number {
    return this.#outbox.size;
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    let asked: Promise<Granted | NotGranted> | undefined;
    try {
      const decision = await this.#health.ask(() => {
        asked = this.#store.reserve(id, claims, held, lease);
        return asked;
      });
      this.#health.wrote();
      if (decision.granted && this.#fallback.allows(claims, held)) this.#indifferent.add(id);
      return decision;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (asked !== undefined) this.#giveBack(id, asked);
      return this.#decideAlone(error, id, claims, held, lease);
    }
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    this.#indifferent.delete(id);
    if (!this.#fallback.has(id)) return this.#write(id, () => this.#store.settle(id, used));
    return this.#writeLate(id, await this.#fallback.settle(id, used), used);
  }

  async release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    this.#indifferent.delete(id);
    if (!this.#fallback.has(id)) return this.#write(id, () => this.#store.release(id, options));
    const { claims, held } = await this.#fallback.release(id, options);
    return claims.length === 0 ? 'done' : this.#writeLate(id, claims, held);
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    if (this.#fallback.has(id)) return this.#fallback.renew(id, lease);
    try {
      return await this.#health.ask(() => this.#store.renew(id, lease));
    } catch (error) {
      if (!(error instanceof LedgerError) || !this.#indifferent.has(id)) throw error;
      this.#report(error);
      return true;
    }
  }

  read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    return this.#health.ask(() => this.#store.read(claims));
  }

  credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    const verb = () => this.#store.credit(id, claims, amounts);
    return this.#health.try(verb, OPERATOR_DEADLINE_MS);
  }

  /** Writes what it can for `graceMs`, then closes the store. Does not wait for a store that
   * hangs. */
  async close(graceMs = 0): Promise<void> {
    await this.#outbox.close(graceMs);
    this.#health.close();
    clearTimeout(this.#staleTimer);
    await this.#fallback.close();
    const closed = this.#health.try(() => this.#store.close(), CLOSE_MS_MAX);
    await closed.catch((error: LedgerError) => this.#report(error));
  }

  async #decideAlone(
    error: LedgerError,
    ...[id, claims, held, lease]: Parameters<Ledger['reserve']>
  ): Promise<Granted | NotGranted> {
    if (!this.#fallback.allows(claims, held)) {
      this.#tally.refused += 1;
      throw error;
    }
    this.#report(error);
    const decision = await this.#fallback.reserve(id, claims, held, lease);
    if (decision.granted) this.#tally.served += 1;
    else this.#tally.refused += 1;
    return decision;
  }

  /** If the reply was lost, the hold may exist; if the reply is late, the hold will exist. */
  #giveBack(id: string, asked: Promise<Granted | NotGranted>): void {
    const release = (key: string) => {
      this.#write(key, () => this.#store.release(id)).catch(() => {});
    };
    release(`${id}~lost`);
    asked.then(
      ({ granted }) => granted && release(`${id}~held`),
      () => {},
    );
  }

  async #write(key: string, verb: () => Promise<Resolution>): Promise<Resolution> {
    try {
      return await this.#health.ask(verb);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (!this.#outbox.add(key, () => this.#health.ask(verb))) throw error;
      this.#report(error);
      return 'queued';
    }
  }

  /** Counts what was served without the store, as of now: a hold of nothing may settle at any
   * amount. */
  #writeLate(callId: string, claims: readonly Claim[], used: Amounts): Promise<Resolution> {
    const id = `${callId}~late`;
    return this.#write(id, async () => {
      await this.#store.reserve(id, claims, NO_AMOUNTS, SHORT_LEASE);
      return this.#store.settle(id, used);
    });
  }

  async #probe(): Promise<void> {
    const id = `probe-${randomUUID()}`;
    await this.#store.reserve(id, [], NO_AMOUNTS, SHORT_LEASE);
    await this.#store.release(id);
  }

  #report(error: LedgerError): void {
    if (!(error instanceof StoreFailingError)) this.#options.onError?.(error);
  }

  #beginFailing(reason: string): void {
    this.#failingSinceMs = performance.now();
    const { staleMs = STALE_MS, onDegraded } = this.#options;
    const delayMs = Math.min(staleMs, TIMER_MS_MAX);
    this.#staleTimer = setTimeout(() => this.records.tellAll(), delayMs).unref();
    onDegraded?.({ reason });
  }

  #endFailing(): void {
    clearTimeout(this.#staleTimer);
    // Listeners may have missed changes meanwhile.
    this.records.tellAll();
    this.#outbox.wake();
    const failedForMs = Math.ceil(performance.now() - this.#failingSinceMs);
    this.#options.onRecovered?.({ ...this.#tally, failedForMs });
    this.#tally = { served: 0, refused: 0 };
  }
}
