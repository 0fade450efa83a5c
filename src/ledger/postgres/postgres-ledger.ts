import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { type Amounts, assertAmounts, assertCredits } from '../amounts.ts';
import type { Verbs } from '../counting/verbs.ts';
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
import { driverFor, type PostgresClient, sizeOf } from './client.ts';
import { type Listen, listenOn } from './listen.ts';
import { type PostgresLedgerOptions, postgresOptions } from './postgres-options.ts';
import { PostgresRecords } from './postgres-records.ts';
import { PostgresStore } from './postgres-store.ts';
import { storedClaims, storedCredit, storedName } from './stored-names.ts';

export type { PostgresClient } from './client.ts';
export type { PgListener, PostgresJsListener, PostgresListener } from './listen.ts';
export type { PgConnection, PgPool } from './pg-driver.ts';
export type { PostgresJs, PostgresJsConnection } from './postgres-js-driver.ts';
export type { PostgresLedgerOptions } from './postgres-options.ts';
export { postgresSchemaSql } from './schema.ts';

/** A ledger on Postgres. */
export interface PostgresLedger extends Ledger {
  /** Makes or checks the schema now rather than at the first use. May be awaited at the start. */
  ready(): Promise<void>;
}

/**
 * Keeps all counters in Postgres, exact over any number of processes. The verbs of one turn share a
 * transaction of two round trips. Takes the application's own pool, and holds none of its
 * connections between transactions. Warns about a pool of fewer than two connections
 * (`GUARD_POSTGRES_POOL`).
 *
 * @example
 * ```ts
 * import { Pool } from 'pg';
 *
 * const ledger = postgresLedger(new Pool({ connectionString: process.env.DATABASE_URL, max: 8 }));
 * await ledger.ready();
 * ```
 */
export function postgresLedger(
  pool: PostgresClient,
  options: PostgresLedgerOptions = {},
): PostgresLedger {
  const settings = parseOrThrow(postgresOptions, options, 'postgresLedger');
  const store = new PostgresStore(driverFor(pool), settings);
  const listen = listenOn(settings.schema, pool, settings.listenWith);
  warnOfSmallPool(pool);
  return new OnPostgres(store, settings.pollMs, listen);
}

class OnPostgres implements PostgresLedger {
  readonly records: PostgresRecords;
  readonly #store: PostgresStore;

  constructor(store: PostgresStore, pollMs: number, listen: Listen) {
    this.#store = store;
    this.records = new PostgresRecords(store, pollMs, listen);
  }

  ready(): Promise<void> {
    return this.#store.ready();
  }

  async reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease(lease);
    const stored = storedClaims(claims);
    const key = storedName(id);
    return this.#store.transact({
      ids: [key],
      keys: namesOf(stored),
      run: (verbs, nowMs) => verbs.reserve(key, stored, held, lease, nowMs),
    });
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#end(id, (verbs, key, nowMs) => verbs.settle(key, used, nowMs));
  }

  release(id: string, options?: ReleaseOptions): Promise<Resolution> {
    return this.#end(id, (verbs, key, nowMs) => verbs.release(key, options, nowMs));
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    return this.#end(id, (verbs, key, nowMs) => verbs.renew(key, lease, nowMs));
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const stored = storedClaims(claims);
    return this.#store.peek(namesOf(stored), (verbs, nowMs) => verbs.read(stored, nowMs));
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertCredits(amounts);
    const stored = storedClaims(claims);
    const key = storedCredit(id);
    return this.#store.transact({
      ids: [key],
      keys: namesOf(stored),
      run: (verbs, nowMs) => verbs.credit(key, stored, amounts, nowMs),
    });
  }

  async close(): Promise<void> {
    this.#store.close();
    this.records.close();
  }

  /** Runs a verb on a hold, whose row names the accounts. */
  #end<Answer>(
    id: string,
    verb: (verbs: Verbs, key: string, nowMs: number) => Answer,
  ): Promise<Answer> {
    const key = storedName(id);
    const run = (verbs: Verbs, nowMs: number) => verb(verbs, key, nowMs);
    return this.#store.transact({ ids: [key], keys: [], run });
  }
}

const namesOf = (claims: readonly Claim[]): readonly string[] =>
  claims.map(({ account }) => account);

const CONNECTIONS_MIN = 2;
const warned = new WeakSet<PostgresClient>();

/**
 * Warns, once for each pool, about one with a single connection: a statement that waits for a lock
 * would keep all other calls waiting. Silenced like other warnings of Node:
 * `--disable-warning=GUARD_POSTGRES_POOL`.
 */
function warnOfSmallPool(pool: PostgresClient): void {
  const max = sizeOf(pool) ?? CONNECTIONS_MIN;
  if (max >= CONNECTIONS_MIN || warned.has(pool)) return;
  warned.add(pool);
  process.emitWarning(
    `The pool of the Postgres ledger holds ${max} connection, so that one call that waits for a lock ` +
      `keeps all others waiting: set its "max" to at least ${CONNECTIONS_MIN}, better 4 to 8`,
    { type: 'GuardWarning', code: 'GUARD_POSTGRES_POOL' },
  );
}
