import type {
  Amounts,
  Balance,
  Claim,
  Granted,
  Lease,
  Ledger,
  NotGranted,
  Resolution,
  Rule,
} from './ledger.ts';
import { assertAmounts, assertGifts, assertLease } from './memory/assert-amounts.ts';
import { balancesAt, decision, standingsOf } from './postgres/decode-state.ts';
import { driverFor, type PostgresClient } from './postgres/driver.ts';
import { encodeClaims, UNITS } from './postgres/encode-claims.ts';
import { type Listen, listenOn } from './postgres/listen.ts';
import { PostgresRecords } from './postgres/postgres-records.ts';
import { type PostgresLedgerOptions, PostgresStore } from './postgres/postgres-store.ts';
import { DEFAULT_SCHEMA } from './postgres/schema.ts';
import { storable } from './postgres/storable.ts';
import { warnOfSmallPool } from './postgres/warn-of-small-pool.ts';

export type { PgPool, PostgresClient, PostgresJs } from './postgres/driver.ts';
export type { PgListener, PostgresJsListener, PostgresListener } from './postgres/listen.ts';
export type { PostgresLedgerOptions } from './postgres/postgres-store.ts';
export { postgresSchemaSql } from './postgres/schema.ts';

export interface PostgresLedger extends Ledger {
  /** Makes or checks the schema now rather than at the first use; may be awaited at the start. */
  ready(): Promise<void>;
}

/**
 * Keeps all counters in Postgres, exact over any number of processes: one function call per verb, in
 * one transaction. Takes the application's own pool and holds none of its connections between verbs. A
 * pool of fewer than two connections is warned of (`GUARD_POSTGRES_POOL`).
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

const SETTLED = 3;
const RELEASED = 4;
const NOTHING_USED = UNITS.map(() => 0);
/** No hold has such an id: one that looks like a hash is hashed. */
const GIFT = '#sha256:gift:';

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
    { durationMs, dispatched }: Lease,
  ): Promise<Granted | NotGranted> {
    assertAmounts(held);
    assertLease({ durationMs, dispatched });
    const costOf = ({ unit }: Rule) => held[unit];
    const encoded = encodeClaims(claims, costOf, chargedAtOnce(costOf));
    const { subjects } = encoded;
    const values = [storable(id), ...encoded.values, durationMs, dispatched];
    const { verdict, state } = await this.#store.verb({ name: 'reserve', values, subjects });
    const costs = verdict === 'replayed' ? undefined : held;
    return decision(verdict !== 'denied', standingsOf(claims, encoded, costs, state));
  }

  async settle(id: string, used: Amounts): Promise<Resolution> {
    assertAmounts(used);
    return this.#finish(
      id,
      SETTLED,
      UNITS.map((unit) => used[unit]),
    );
  }

  release(id: string): Promise<Resolution> {
    return this.#finish(id, RELEASED, NOTHING_USED);
  }

  async renew(id: string, { durationMs, dispatched }: Lease): Promise<boolean> {
    assertLease({ durationMs, dispatched });
    const hold = storable(id);
    const values = [hold, durationMs, dispatched];
    return (await this.#store.verb({ name: 'renew', values, hold })).verdict === 'done';
  }

  async read(claims: readonly Claim[]): Promise<readonly Balance[]> {
    const encoded = encodeClaims(claims, zero, zero);
    const { values, subjects } = encoded;
    const { state } = await this.#store.verb({ name: 'read', values, subjects });
    return balancesAt(standingsOf(claims, encoded, undefined, state));
  }

  async credit(id: string, claims: readonly Claim[], amounts: Amounts): Promise<Resolution> {
    assertGifts(amounts);
    const given = claims.filter(({ rule }) => amounts[rule.unit] > 0);
    const encoded = encodeClaims(given, zero, ({ unit }) => -amounts[unit]);
    const values = [GIFT + storable(id), ...encoded.values];
    const { subjects } = encoded;
    return (await this.#store.verb({ name: 'credit', values, subjects })).verdict as Resolution;
  }

  async close(): Promise<void> {
    this.#store.close();
    this.records.close();
  }

  async #finish(id: string, ending: number, used: readonly number[]): Promise<Resolution> {
    const hold = storable(id);
    const values = [hold, ending, used];
    return (await this.#store.verb({ name: 'finish', values, hold })).verdict as Resolution;
  }
}

const zero = (): number => 0;

/** A rate is charged when the hold is taken, since it is about when calls begin. */
const chargedAtOnce =
  (costOf: (rule: Rule) => number) =>
  (rule: Rule): number =>
    rule.kind === 'rate' ? costOf(rule) : 0;
