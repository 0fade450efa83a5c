import type { Driver } from './driver.ts';
import { type PgPool, pgDriver } from './pg-driver.ts';
import { type PostgresJs, postgresJsDriver } from './postgres-js-driver.ts';

/** A `Pool` of `pg`, or a client of `postgres`; your own, and never closed by the ledger. */
export type PostgresClient = PgPool | PostgresJs;

export function driverFor(client: PostgresClient): Driver {
  if ('unsafe' in client && typeof client.unsafe === 'function') return postgresJsDriver(client);
  if ('connect' in client && typeof client.connect === 'function') return pgDriver(client);
  throw new TypeError('"pool" must be a Pool of "pg" or a client of "postgres"');
}

/** Returns how many connections a client may open; `undefined` if the client does not tell. */
export const sizeOf = ({ options }: PostgresClient): number | undefined => options?.max;
