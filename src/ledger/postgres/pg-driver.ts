import { type Driver, type PostgresConnection, rowsOf } from './driver.ts';
import { asText } from './literals.ts';

interface PgQuery {
  text: string;
  values?: unknown[];
  query_timeout?: number;
}

interface PgResult {
  rows: unknown[];
}

/** A `pg` Pool (8), as far as it is used. */
export interface PgPool {
  /** Sends a query on any connection. */
  query(query: PgQuery): Promise<PgResult>;
  /** Takes a connection. */
  connect(): Promise<PgConnection>;
  /** Listens for errors of idle connections. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** The options that the pool was made with. */
  readonly options?: { readonly max?: number };
}

/** A connection of a `pg` Pool (8), as far as it is used. */
export interface PgConnection {
  /** Sends a query. */
  query(query: PgQuery): Promise<PgResult>;
  /** Listens for errors. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Stops listening. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Gives the connection back to its pool, or drops it when it is broken. */
  release(isBroken?: boolean): void;
}

/** Without a listener, a connection that the server ends would end this process. */
const ignore = (): void => {};
const heardPools = new WeakSet<PgPool>();

export function pgDriver(pool: PgPool): Driver {
  if (!heardPools.has(pool)) pool.on('error', ignore);
  heardPools.add(pool);
  return {
    async run(script) {
      await pool.query({ text: script });
    },
    async query(text, values, deadlineMs) {
      // The pool drops a connection whose answer is late, so that no hanging one is used again.
      const query = { text, values: values.map(asText), query_timeout: deadlineMs };
      return rowsOf((await pool.query(query)).rows);
    },
    connect: async () => connectionOf(await pool.connect()),
  };
}

function connectionOf(client: PgConnection): PostgresConnection {
  client.on('error', ignore);
  const give = (isBroken: boolean) => {
    client.removeListener('error', ignore);
    client.release(isBroken);
  };
  return {
    async run(script, deadlineMs) {
      // Several statements have several results.
      const results: PgResult | PgResult[] = await client.query({
        text: script,
        query_timeout: deadlineMs,
      });
      return rowsOf([results].flat().flatMap(({ rows }) => rows));
    },
    release: () => give(false),
    abandon: () => give(true),
  };
}
