import type { Driver } from './driver.ts';
import { type PgPool, pgDriver } from './pg-driver.ts';
import { type PostgresJs, postgresJsDriver } from './postgres-js-driver.ts';

/** A `Pool` of `pg`, or a client of `postgres`; your own, and never closed by the ledger. */
export type PostgresClient = PgPool | PostgresJs;

export function driverFor(client: PostgresClient): Driver {
  const given: unknown = client;
  const isObject = typeof given === 'object' || typeof given === 'function';
  // What was given may be a URL with its password, so no message shows it.
  if (!isObject || given === null) throw new TypeError(`"pool" ${MUST_BE}`);
  if ('connectionParameters' in client) {
    throw new TypeError(
      '"pool" must be a Pool of "pg", and is a Client, which is one connection: use new Pool()',
    );
  }
  if ('unsafe' in client && typeof client.unsafe === 'function') return postgresJsDriver(client);
  if ('connect' in client && typeof client.connect === 'function') return pgDriver(client);
  throw new TypeError(`"pool" ${MUST_BE}`);
}

const MUST_BE =
  'must be a Pool of "pg" or a client of "postgres", such as new Pool({ connectionString: process.env.DATABASE_URL })';

/** Returns how many connections a client may open; `undefined` if the client does not tell. */
export const sizeOf = ({ options }: PostgresClient): number | undefined => options?.max;
