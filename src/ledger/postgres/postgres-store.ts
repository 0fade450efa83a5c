import type { Clock } from '../../clock.ts';
import { LedgerError } from '../../errors.ts';
import { Batches, type Verb } from './batches.ts';
import { Calls } from './calls.ts';
import type { Driver, Row } from './driver.ts';
import { Expiries } from './expiries.ts';
import type { PostgresListener } from './listen.ts';
import { prepareSchema } from './migrate.ts';
import { DEFAULT_SCHEMA, quoted } from './schema.ts';
import { Sweeper } from './sweeper.ts';

export interface PostgresLedgerOptions {
  /** Where all tables and functions are; default `guarded_completion`. */
  readonly schema?: string;
  /** Makes or updates the schema at the first use; default true. With false a schema that is missing
   * or too old throws `LedgerError`: see `postgresSchemaSql`. */
  readonly migrate?: boolean;
  /** How long a verb waits for Postgres before it throws `LedgerError`; default 250. */
  readonly deadlineMs?: number;
  /** How often changes that other processes made are looked for, while anybody watches; default 400. */
  readonly pollMs?: number;
  /** What hears of such changes at once, on a connection to Postgres itself: a connected Client of `pg`,
   * which stays yours, or a client of `postgres`. Default is `pool` where that is one of `postgres`;
   * without, and while it hears nothing, there is polling. */
  readonly listenWith?: PostgresListener;
  /** How long ended ids are remembered; default one hour, and not less. */
  readonly retentionMs?: number;
  /** Gets the error of work that no caller waits for: of forgetting what is over, once for each outage.
   * Default: a process warning with the code `GUARD_POSTGRES_SWEEP`. */
  readonly onError?: (error: unknown) => void;
  /** For tests; default is the time of Postgres, which no process can be wrong about. */
  readonly clock?: Clock;
}

/** What a verb of the schema answers. */
export interface Answer {
  readonly verdict: unknown;
  readonly state: string;
}

const HOUR_MS = 3_600_000;
const EXPIRED_PER_STATEMENT = 200;
const SWEPT_PER_STATEMENT = 1_000;
/** Nobody waits for a sweep, so that it may take long on a busy server. */
const SWEEP_MS_MAX = 10_000;

/** The schema's functions: ready before they are called, within the deadline, by one clock. */
export class PostgresStore {
  /** As SQL names it. */
  readonly schema: string;
  readonly calls: Calls;
  /** How long a statement waits for a lock, in milliseconds: no longer than anybody waits for it. */
  readonly lockWait: string;
  readonly #batches: Batches;
  readonly #expiries = new Expiries((subjects, holds) => this.#expire(subjects, holds));
  readonly #driver: Driver;
  readonly #name: string;
  readonly #migrate: boolean;
  readonly #retentionMs: number;
  readonly #clock: Clock | undefined;
  #latestMs = 0;
  #isReady = false;
  #preparing: Promise<void> | undefined;
  readonly #sweeper: Sweeper;
  #sweptTo = '';
  #isClosed = false;

  constructor(driver: Driver, options: PostgresLedgerOptions) {
    const { schema = DEFAULT_SCHEMA, migrate = true, deadlineMs = 250 } = options;
    assertDuration('deadlineMs', deadlineMs);
    assertDuration('pollMs', options.pollMs ?? 400);
    this.schema = quoted(schema);
    this.calls = new Calls(driver, deadlineMs);
    this.lockWait = `${Math.ceil(deadlineMs)}`;
    this.#batches = new Batches(this.calls, this.schema, this.lockWait);
    this.#driver = driver;
    this.#name = schema;
    this.#migrate = migrate;
    this.#retentionMs = Math.max(HOUR_MS, options.retentionMs ?? 0);
    this.#clock = options.clock;
    this.#sweeper = new Sweeper(() => this.#sweep(), options.onError ?? warnOfSweep);
  }

  async ready(): Promise<void> {
    this.#preparing ??= prepareSchema(this.#driver, this.#name, this.#migrate).finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing;
    this.#isReady = true;
  }

  /**
   * Calls a function that has one effect however often it is called. It answers `again` when leases on
   * its subjects are over: these end first, in a transaction of their own, so that all locks are taken
   * in one order.
   */
  async verb({ name, values, hold, subjects }: Verb): Promise<Answer> {
    const deadline = await this.begin();
    this.#sweeper.pass();
    for (;;) {
      const timed = [...values, this.nowMs()];
      const row = await this.#batches.send({ name, values: timed, hold, subjects }, deadline);
      const { verdict, state } = row;
      if (verdict !== 'again') return { verdict, state: typeof state === 'string' ? state : '' };
      await this.calls.within(() => this.#expiries.conclude({ hold, subjects }), deadline);
    }
  }

  /** `null` leaves the time to Postgres. */
  nowMs(): number | null {
    if (this.#clock === undefined) return null;
    this.#latestMs = Math.max(this.#latestMs, this.#clock.nowMs());
    return this.#latestMs;
  }

  /** Answers the deadline of a call that begins now, once there is a schema to call. */
  async begin(): Promise<number> {
    if (this.#isClosed) throw new LedgerError('the ledger is closed');
    const deadline = this.calls.deadline();
    if (!this.#isReady) await this.calls.within(() => this.ready(), deadline);
    return deadline;
  }

  close(): void {
    this.#isClosed = true;
  }

  #expire(subjects: readonly string[], holds: readonly string[]): Promise<Row> {
    const text = `SELECT * FROM ${this.schema}.expire($1, $2, $3, $4, $5)`;
    const values = [subjects, holds, EXPIRED_PER_STATEMENT, this.nowMs(), this.lockWait];
    return this.calls.idempotent(text, values, this.calls.deadline());
  }

  async #sweep(): Promise<void> {
    const values = [this.#sweptTo, SWEPT_PER_STATEMENT, this.#retentionMs, this.nowMs()];
    const text = `SELECT ${this.schema}.sweep($1, $2, $3, $4) AS swept_to`;
    const row = await this.calls.once(text, values, performance.now() + SWEEP_MS_MAX);
    this.#sweptTo = String(row['swept_to']);
  }
}

function warnOfSweep(error: unknown): void {
  process.emitWarning(`The Postgres ledger could not delete what is over: ${String(error)}`, {
    code: 'GUARD_POSTGRES_SWEEP',
  });
}

function assertDuration(name: string, value: number): void {
  if (value > 0 && value <= 60_000) return;
  throw new TypeError(`"${name}" must be milliseconds above 0 and at most 60,000, not ${value}`);
}
