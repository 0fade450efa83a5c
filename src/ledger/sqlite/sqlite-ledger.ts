import type { DatabaseSync, StatementSync } from 'node:sqlite';
import * as z from 'zod';
import { type Clock, clockSchema, systemClock } from '../../base/clock.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { LedgerError } from '../../core/errors.ts';
import { type Amounts, assertAmounts, assertCredits } from '../amounts.ts';
import { Batches } from '../batches.ts';
import { Verbs } from '../counting/verbs.ts';
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
import { assertLease } from '../ledger.ts';
import type { Records } from '../records.ts';
import { FileTables } from './file-tables.ts';
import { named, openFile } from './schema.ts';
import { SqliteRecords } from './sqlite-records.ts';

const sqliteLedgerShape = {
  /** Made if there is none. All processes that share it must be on one host, with a local disk. */
  file: z.string().min(1),
  /**
   * `normal`: a crash of the process loses nothing; a crash of the machine may lose the last moments.
   * `full`: these are not lost either, at the price of a wait for the disk on each write.
   * @default 'normal'
   */
  durability: z.enum(['normal', 'full']).default('normal'),
  /** How long a verb waits for another process, in ms. Meanwhile this process is blocked. After that the
   * verb throws `LedgerError`.
   * @default 150 */
  busyMs: z.number().min(0).default(150),
  /** Tells the time, for tests.
   * @default systemClock */
  clock: clockSchema.default(() => systemClock),
};

/** The options of `sqliteLedger`. */
export interface SqliteLedgerOptions
  extends RequiredOptions<typeof sqliteLedgerShape>,
    OptionalOptions<typeof sqliteLedgerShape> {}

/**
 * Keeps all counters in one file: they survive restarts, and several processes of one host share
 * them exactly. Verbs of the same turn of the event loop share a transaction. Throws `LedgerError`
 * if the file cannot be opened, or was written by a later version of this package.
 *
 * @example
 * ```ts
 * const ledger = sqliteLedger({ file: 'guard.db' });
 * ```
 */
export function sqliteLedger(options: SqliteLedgerOptions): Ledger {
  if (typeof options !== 'object') {
    throw new TypeError(
      '"sqliteLedger" must get an object with the file, such as { file: "guard.db" }',
    );
  }
  return new SqliteLedger(parseOrThrow(optionsSchema(sqliteLedgerShape), options, 'sqliteLedger'));
}

/** What one verb does within its transaction. */
type SqliteWork = (nowMs: number) => unknown;

class SqliteLedger implements Ledger {
  readonly records: Records & { stop(): void };
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #tables: FileTables;
  readonly #verbs: Verbs;
  readonly #readLatest: StatementSync;
  readonly #writeLatest: StatementSync;
  readonly #batches: Batches<SqliteWork, unknown>;
  #closed = false;

  constructor({ file, durability, busyMs, clock }: ParsedOptions<typeof sqliteLedgerShape>) {
    this.#clock = clock;
    this.#database = openFile({ file, busyMs, durability });
    const database = this.#database;
    this.#tables = new FileTables(database);
    this.#verbs = new Verbs(this.#tables);
    this.#readLatest = database.prepare(`SELECT value FROM guard_meta WHERE name = 'latest_ms'`);
    this.#writeLatest = database.prepare(
      `INSERT OR REPLACE INTO guard_meta (name, value) VALUES ('latest_ms', ?)`,
    );
    this.#batches = new Batches({
      run: (works) => named(file, () => this.#commit(works)),
      sizeMax: Number.POSITIVE_INFINITY,
      // What a caller's mistake did is rolled back, and does not fail the others.
      hadNoEffect: (error) => error instanceof TypeError,
    });
    this.records = new SqliteRecords(database, (work) => this.#transact(work));
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease(lease);
    return this.#transact((nowMs) => this.#verbs.reserve(id, claims, held, lease, nowMs));
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#transact((nowMs) => this.#verbs.settle(id, used, nowMs));
  }

  async release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    return this.#transact((nowMs) => this.#verbs.release(id, options, nowMs));
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    return this.#transact((nowMs) => this.#verbs.renew(id, lease, nowMs));
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    return this.#transact((nowMs) => this.#verbs.read(claims, nowMs));
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertCredits(amounts);
    return this.#transact((nowMs) => this.#verbs.credit(id, claims, amounts, nowMs));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#batches.flush();
    this.#closed = true;
    this.records.stop();
    this.#database.close();
  }

  async #transact<Value>(work: (nowMs: number) => Value): Promise<Value> {
    if (this.#closed) throw new LedgerError('the ledger is closed');
    return (await this.#batches.add(work)) as Value;
  }

  /** Runs all in one transaction. Returns nothing before it is written. */
  #commit(works: readonly SqliteWork[]): unknown[] {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const nowMs = this.#advance();
      this.#tables.begin();
      this.#verbs.expire(nowMs);
      const answers = works.map((work) => work(nowMs));
      this.#tables.commit(nowMs);
      this.#database.exec('COMMIT');
      return answers;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    this.#tables.rollBack();
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // After some errors, such as a full disk, SQLite has done so itself.
    }
  }

  /** Time never goes backwards in a file, whichever process reads its clock. */
  #advance(): number {
    const latestMs = Number(this.#readLatest.get()?.['value'] ?? 0);
    const readMs = Math.floor(this.#clock.nowMs());
    const nowMs = Number.isFinite(readMs) ? Math.max(readMs, latestMs) : latestMs;
    if (nowMs > latestMs) this.#writeLatest.run(nowMs);
    return nowMs;
  }
}
