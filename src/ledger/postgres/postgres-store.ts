import type { Clock } from '../../base/clock.ts';
import { LedgerError } from '../../core/errors.ts';
import { Batches } from '../batches.ts';
import { Calls } from './calls.ts';
import type { Driver } from './driver.ts';
import { prepareSchema } from './migrate.ts';
import type { PostgresSettings } from './postgres-options.ts';
import { quoted } from './schema.ts';
import { Sweeper } from './sweeper.ts';
import { type Job, Transactions, type TransactionWork } from './transactions.ts';

const WARM_MS_MAX = 5_000;
const SWEPT_PER_STATEMENT = 1_000;
/** No call waits for a sweep, so it may take long on a busy server. */
const SWEEP_MS_MAX = 10_000;
/** More would only wait for each other: for the processor, the disk, or the row of a shared
 * account. */
const BATCHES_UNDER_WAY_MAX = 2;
const VERBS_PER_BATCH_MAX = 64;
/** A batch that takes longer waits for a lock or a lost connection. The others do not wait for it. */
const SLOW_MS = 50;
/** What a burst of calls uses at once: batches, reads of balances, and records. */
const CONNECTIONS_WARMED = 4;

/** The tables of a schema. They are ready before they are used, and every use has a deadline and
 * the same clock. */
export class PostgresStore {
  /** The name in SQL. */
  readonly schema: string;
  readonly calls: Calls;
  /** How long a statement waits for a lock, in milliseconds: no longer than its caller waits. */
  readonly lockWait: string;
  readonly #transactions: Transactions;
  readonly #batches: Batches<Job, unknown>;
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

  constructor(driver: Driver, settings: PostgresSettings) {
    const { schema, deadlineMs } = settings;
    this.schema = quoted(schema);
    this.calls = new Calls(driver, deadlineMs);
    this.lockWait = `${Math.ceil(deadlineMs)}`;
    this.#transactions = new Transactions(driver, this.calls, this.schema, () => this.nowMs());
    this.#batches = new Batches({
      run: (jobs) => this.#transactions.run(jobs),
      sizeMax: VERBS_PER_BATCH_MAX,
      underWayMax: BATCHES_UNDER_WAY_MAX,
      slowMs: SLOW_MS,
      // Whatever happened to it: each verb has one effect however often it is done.
      hadNoEffect: () => true,
    });
    this.#driver = driver;
    this.#name = schema;
    this.#migrate = settings.migrate;
    this.#retentionMs = settings.retentionMs;
    this.#clock = settings.clock;
    this.#sweeper = new Sweeper(() => this.#sweep(), settings.onError ?? warnOfSweep);
  }

  async ready(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing;
    this.#isReady = true;
  }

  /** Does work that has one effect however often it is done, in one transaction. */
  async transact<Answer>(work: TransactionWork<Answer>): Promise<Answer> {
    const deadline = await this.begin();
    this.#sweeper.pass();
    // A batch returns for a job what the job returned.
    const answer = (await this.#batches.add({ ...work, deadline })) as Answer;
    this.calls.wrote();
    return answer;
  }

  /** Reads accounts as they are now, without waiting for locks. */
  async peek<Answer>(
    keys: readonly string[],
    run: TransactionWork<Answer>['run'],
  ): Promise<Answer> {
    return this.#transactions.peek(keys, await this.begin(), run);
  }

  /** `null` leaves the time to Postgres. */
  nowMs(): number | null {
    if (this.#clock === undefined) return null;
    this.#latestMs = Math.max(this.#latestMs, this.#clock.nowMs());
    return this.#latestMs;
  }

  /** Returns the deadline of a call that begins now, once there is a schema to call. */
  async begin(): Promise<number> {
    if (this.#isClosed) throw new LedgerError('the ledger is closed');
    const deadline = this.calls.deadline();
    if (!this.#isReady) await this.calls.within(() => this.ready(), deadline);
    return deadline;
  }

  close(): void {
    this.#batches.flush();
    this.#isClosed = true;
  }

  /** Opens connections, each of which has compiled what a call needs. If one cannot be opened yet,
   * the verb that needs it fails, not this. */
  async #prepare(): Promise<void> {
    await prepareSchema(this.#driver, this.#name, this.#migrate);
    const text = `SELECT * FROM ${this.schema}.fetch('{}', '{}', NULL, '1000', '1000')`;
    const warm = () => this.#driver.query(text, [], WARM_MS_MAX);
    await Promise.allSettled(Array.from({ length: CONNECTIONS_WARMED }, warm));
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
