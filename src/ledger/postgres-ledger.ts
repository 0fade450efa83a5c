import type { Verbs } from './counting/verbs.ts';
import type {
  Amounts,
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  Resolution,
} from './ledger.ts';
import { assertAmounts, assertGifts, assertLease } from './memory/assert-amounts.ts';
import { driverFor, type PostgresClient } from './postgres/client.ts';
import { type Listen, listenOn } from './postgres/listen.ts';
import { PostgresRecords } from './postgres/postgres-records.ts';
import { type PostgresLedgerOptions, PostgresStore } from './postgres/postgres-store.ts';
import { DEFAULT_SCHEMA } from './postgres/schema.ts';
import { storable, storableClaims } from './postgres/storable.ts';
import { warnOfSmallPool } from './postgres/warn-of-small-pool.ts';

export type { PostgresClient } from './postgres/client.ts';
export type { PgListener, PostgresJsListener, PostgresListener } from './postgres/listen.ts';
export type { PgConnection, PgPool } from './postgres/pg-driver.ts';
export type { PostgresJs, PostgresJsConnection } from './postgres/postgres-js-driver.ts';
export type { PostgresLedgerOptions } from './postgres/postgres-store.ts';
export { postgresSchemaSql } from './postgres/schema.ts';

export interface PostgresLedger extends Ledger {
  /** Makes or checks the schema now rather than at the first use; may be awaited at the start. */
  ready(): Promise<void>;
}

/**
 * Keeps all counters in Postgres, exact over any number of processes: the verbs of one turn share a
 * transaction of two round trips. Takes the application's own pool and holds none of its connections
 * between transactions. A pool of fewer than two connections is warned of (`GUARD_POSTGRES_POOL`).
 */
export function postgresLedger(
  pool: PostgresClient,
  options: PostgresLedgerOptions = {},
): PostgresLedger {
  const store = new PostgresStore(driverFor(pool), options);
  const listen = listenOn(options.schema ?? DEFAULT_SCHEMA, pool, options.listenWith);
  warnOfSmallPool(pool);
  return new OnPostgres(store, options.pollMs ?? 400, listen);
}

/** No hold has such an id: one that looks like a hash is hashed. */
const CREDIT = '#sha256:gift:';

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
    const own = storableClaims(claims);
    const key = storable(id);
    return this.#store.transact({
      ids: [key],
      keys: keysOf(own),
      run: (verbs, nowMs) => verbs.reserve(key, own, held, lease, nowMs),
    });
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#end(id, (verbs, key, nowMs) => verbs.settle(key, used, nowMs));
  }

  release(id: string): Promise<Resolution> {
    return this.#end(id, (verbs, key, nowMs) => verbs.release(key, nowMs));
  }

  async renew(id: string, lease: Lease): Promise<boolean> {
    assertLease(lease);
    return this.#end(id, (verbs, key, nowMs) => verbs.renew(key, lease, nowMs));
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const own = storableClaims(claims);
    return this.#store.peek(keysOf(own), (verbs, nowMs) => verbs.read(own, nowMs));
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertGifts(amounts);
    const own = storableClaims(claims);
    const key = CREDIT + storable(id);
    return this.#store.transact({
      ids: [key],
      keys: keysOf(own),
      run: (verbs, nowMs) => verbs.credit(key, own, amounts, nowMs),
    });
  }

  async close(): Promise<void> {
    this.#store.close();
    this.records.close();
  }

  /** What is done to a hold, of which the row names the accounts. */
  #end<Answer>(
    id: string,
    verb: (verbs: Verbs, key: string, nowMs: number) => Answer,
  ): Promise<Answer> {
    const key = storable(id);
    const run = (verbs: Verbs, nowMs: number) => verb(verbs, key, nowMs);
    return this.#store.transact({ ids: [key], keys: [], run });
  }
}

const keysOf = (claims: readonly Claim[]): readonly string[] =>
  claims.map(({ subject }) => subject);
