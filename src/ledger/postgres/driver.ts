import { LedgerError } from '../../errors.ts';

/** A `pg` Pool (8), as far as it is used. */
export interface PgPool {
  query(query: {
    text: string;
    values?: unknown[];
    query_timeout?: number;
  }): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly options?: PoolSize;
}

/** A `postgres` client (postgres.js 3), as far as it is used. */
export interface PostgresJs {
  unsafe(text: string): PromiseLike<readonly unknown[]>;
  readonly options?: PoolSize;
}

interface PoolSize {
  readonly max?: number;
}

export type PostgresClient = PgPool | PostgresJs;

/** What a statement is given: text, a number, a flag, nothing, or an array of texts or of numbers. */
export type Value = string | number | boolean | null | readonly string[] | readonly number[];

export type Row = Readonly<Record<string, unknown>>;

/** One round trip each, on any connection of the client's. */
export interface Driver {
  /** Runs statements without values, all or none. */
  run(script: string): Promise<void>;
  query(text: string, values: readonly Value[], deadlineMs: number): Promise<readonly Row[]>;
}

export function driverFor(client: PostgresClient): Driver {
  if ('unsafe' in client && typeof client.unsafe === 'function') return postgresJsDriver(client);
  if ('query' in client && typeof client.query === 'function') return pgDriver(client);
  throw new TypeError('"pool" must be a Pool of "pg" or a client of "postgres"');
}

/** Without a listener, an idle connection that the server ends would end this process. */
const heardPools = new WeakSet<PgPool>();

function pgDriver(pool: PgPool): Driver {
  if (!heardPools.has(pool)) pool.on('error', () => {});
  heardPools.add(pool);
  return {
    async run(script) {
      await pool.query({ text: script });
    },
    async query(text, values, deadlineMs) {
      // The pool drops a connection whose answer is late, so that no hung one is used again.
      const query = { text, values: values.map(asText), query_timeout: deadlineMs };
      return rowsOf((await pool.query(query)).rows);
    },
  };
}

/**
 * Its own parameters cost a second round trip unless statements are named, which poolers may forbid. A
 * late query is left alone: to cancel one that is pipelined behind another makes version 3.4.9 take
 * its answer for that of the next (as of 2026-11).
 */
function postgresJsDriver(client: PostgresJs): Driver {
  return {
    async run(script) {
      await client.unsafe(script);
    },
    async query(text, values) {
      return rowsOf(
        await client.unsafe(text.replace(/\$(\d+)/g, (_, at) => literal(values[at - 1]))),
      );
    },
  };
}

function asText(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? `{${value.map(elementText).join(',')}}` : `${value}`;
}

function elementText(element: string | number): string {
  return typeof element === 'number' ? `${element}` : `"${element.replace(/[\\"]/g, '\\$&')}"`;
}

/** Reads the same whatever `standard_conforming_strings` says. */
function literal(value: Value | undefined): string {
  const text = asText(value);
  if (text === null) return 'NULL';
  return `E'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

function rowsOf(rows: readonly unknown[]): readonly Row[] {
  if (rows.every((row) => typeof row === 'object' && row !== null)) return rows as readonly Row[];
  throw new LedgerError('the client answered rows that are no objects');
}
