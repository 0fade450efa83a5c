import { LedgerError } from '../../core/errors.ts';
import { Verbs } from '../counting/verbs.ts';
import type { Calls } from './calls.ts';
import type { Driver, PostgresConnection, Row } from './driver.ts';
import { isAnswered } from './failures.ts';
import { type Value, withValues } from './literals.ts';
import { RoundTrips } from './round-trips.ts';
import { dueText, peekText } from './row-functions.ts';
import { knownParts } from './row-holds.ts';
import { RowTables } from './row-tables.ts';

/** One verb. */
export interface TransactionWork<Answer> {
  /** The holds and credits that it uses. */
  readonly ids: readonly string[];
  /** The accounts that it counts on, without those of its holds. */
  readonly keys: readonly string[];
  run(verbs: Verbs, nowMs: number): Answer;
}

export interface Job extends TransactionWork<unknown> {
  readonly deadline: number;
}

interface Done {
  readonly answers: readonly unknown[];
  /** Holds whose lease is over. If there are any, nothing was done. */
  readonly due: readonly string[];
}

/** A process that stops within a transaction delays others by at most this and a round trip. */
const IDLE_MS_MAX = 80;
/** The part of a deadline that verbs in one batch wait for locks, so that each can still run
 * alone. */
const WAIT_TOGETHER = 0.2;
const EXPIRED_PER_TRANSACTION = 200;
const ROLLBACK_MS_MAX = 1_000;

/** Runs verbs over rows. A transaction locks and reads them in one round trip, and writes them in another. */
export class Transactions {
  readonly #driver: Driver;
  readonly #calls: Calls;
  readonly #schema: string;
  readonly #nowMs: () => number | null;
  readonly #known = knownParts();
  readonly #roundTrips = new RoundTrips();

  constructor(driver: Driver, calls: Calls, schema: string, nowMs: () => number | null) {
    this.#driver = driver;
    this.#calls = calls;
    this.#schema = schema;
    this.#nowMs = nowMs;
  }

  /** Runs verbs in their order, all or none, after the leases that are over have ended. */
  async run(jobs: readonly Job[]): Promise<readonly unknown[]> {
    const deadline = Math.max(...jobs.map((job) => job.deadline));
    for (;;) {
      const { answers, due } = await this.#transact(jobs, deadline);
      if (due.length === 0) return answers;
      await this.#transact(
        [{ ids: due, keys: [], deadline, run: () => undefined }],
        deadline,
        true,
      );
    }
  }

  /** Reads accounts as of one moment, without waiting for a lock. */
  async peek<Answer>(
    keys: readonly string[],
    deadline: number,
    run: TransactionWork<Answer>['run'],
  ): Promise<Answer> {
    for (;;) {
      const values = [keys, this.#nowMs()];
      const rows = await this.#calls.all(peekText(this.#schema), values, deadline);
      const tables = new RowTables(rows, this.#known);
      if (!tables.accounts.isDue(tables.clockMs)) return run(new Verbs(tables), tables.nowMs);
      await this.run([{ ids: [], keys, deadline, run: () => undefined }]);
    }
  }

  #transact(jobs: readonly Job[], deadline: number, isExpiry = false): Promise<Done> {
    return this.#calls.repeated(async () => {
      const connection = await this.#connect(deadline);
      try {
        const done = await this.#steps(connection, jobs, deadline, isExpiry);
        connection.release();
        return done;
      } catch (error) {
        await undo(connection, error);
        throw error;
      }
    }, deadline);
  }

  async #connect(deadline: number): Promise<PostgresConnection> {
    const connection = await this.#driver.connect(deadline);
    if (performance.now() < deadline) return connection;
    connection.release();
    throw this.#calls.late();
  }

  async #steps(
    connection: PostgresConnection,
    jobs: readonly Job[],
    deadline: number,
    isExpiry: boolean,
  ): Promise<Done> {
    const ask: TransactionRunner = (script) => connection.run(script, this.#calls.leftMs(deadline));
    const ids = jobs.flatMap((job) => job.ids);
    const rows = await this.#roundTrips.timed(() => ask(this.#fetch(jobs, ids, deadline)));
    const tables = new RowTables(rows, this.#known);
    const due = isExpiry ? [] : await this.#due(tables, ids, ask);
    if (due.length > 0) {
      await ask('ROLLBACK');
      return { answers: [], due };
    }
    const verbs = new Verbs(tables);
    verbs.expire(tables.clockMs);
    const answers = jobs.map((job) => job.run(verbs, tables.nowMs));
    await ask(this.#write(tables));
    tables.holds.written();
    return { answers, due };
  }

  #fetch(jobs: readonly Job[], ids: readonly string[], deadline: number): string {
    const keys = [...new Set(jobs.flatMap((job) => job.keys))];
    const leftMs = this.#calls.leftMs(deadline);
    const waitMs = Math.ceil(jobs.length > 1 ? leftMs * WAIT_TOGETHER : leftMs);
    const idleMs = Math.ceil(IDLE_MS_MAX + this.#roundTrips.fastestMs);
    const values = [ids, keys, this.#nowMs(), `${waitMs}`, `${idleMs}`];
    return `BEGIN ISOLATION LEVEL READ COMMITTED; ${this.#call('fetch', values)}`;
  }

  /** Returns holds whose lease is over, without those in the tables. */
  async #due(
    tables: RowTables,
    ids: readonly string[],
    ask: TransactionRunner,
  ): Promise<readonly string[]> {
    const { accounts, clockMs } = tables;
    if (!accounts.isDue(clockMs)) return [];
    const values = [clockMs, accounts.keys, ids, EXPIRED_PER_TRANSACTION];
    const rows = await ask(withValues(dueText(this.#schema), values));
    const due = rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
    if (due.length === 0) accounts.noneIsDue(clockMs, nextIn(rows));
    return due;
  }

  #write(tables: RowTables): string {
    const changes = tables.takeChanges();
    return changes === undefined ? 'COMMIT' : `${this.#call('write', changes)}; COMMIT`;
  }

  #call(name: string, values: readonly Value[]): string {
    const places = values.map((_, index) => `$${index + 1}`);
    return withValues(`SELECT * FROM ${this.#schema}.${name}(${places})`, values);
  }
}

type TransactionRunner = (script: string) => Promise<readonly Row[]>;

function nextIn(rows: readonly Row[]): number {
  const [nextMs] = rows.flatMap(({ next_ms }) => (typeof next_ms === 'number' ? [next_ms] : []));
  return nextMs ?? Number.POSITIVE_INFINITY;
}

/** Leaves no transaction open on a connection that is returned to the pool. */
async function undo(connection: PostgresConnection, error: unknown): Promise<void> {
  const isOwn = error instanceof TypeError || error instanceof LedgerError;
  if (!isOwn && !isAnswered(error)) return connection.abandon();
  const isUndone = connection.run('ROLLBACK', ROLLBACK_MS_MAX);
  await isUndone.then(
    () => connection.release(),
    () => connection.abandon(),
  );
}
