import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { Clock } from '../../../src/base/clock.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { postgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts';
import { redisLedger } from '../../../src/ledger/redis/redis-ledger.ts';
import { sqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';

/** Where the counters of a test are, as data that can be passed to another process. */
export type Place =
  | { readonly store: 'sqlite'; readonly file: string }
  | { readonly store: 'redis'; readonly port: number; readonly namespace: string }
  | { readonly store: 'postgres'; readonly url: string; readonly schema: string };

export interface OpenPlace extends AsyncDisposable {
  readonly ledger: Ledger;
}

/**
 * Long, so that no result depends on the speed of a store. Also used for the guard's
 * `timeouts.ledger`.
 */
export const PATIENCE = '5s';
const DEADLINE_MS = 5_000;

/** A unique name for a namespace, a schema or a file. */
export const freshName = (): string => `test_${randomBytes(6).toString('hex')}`;

/** Without `clock` the store uses its own. */
export async function openPlace(place: Place, clock?: Clock): Promise<OpenPlace> {
  const ownClock = clock && { clock };
  if (place.store === 'sqlite') return opened(sqliteLedger({ file: place.file, ...ownClock }));
  const options = { deadlineMs: DEADLINE_MS, ...ownClock };
  if (place.store === 'redis') {
    const client = new Redis(place.port);
    // The verbs themselves report a failure.
    client.on('error', () => {});
    const { namespace } = place;
    return opened(redisLedger(client, { namespace, ...options }), () => client.disconnect());
  }
  const pool = new Pool({ connectionString: place.url, max: 4 });
  const ledger = postgresLedger(pool, { schema: place.schema, ...options });
  await ledger.ready();
  return opened(ledger, () => pool.end());
}

function opened(ledger: Ledger, end: () => unknown = () => {}): OpenPlace {
  return {
    ledger,
    async [Symbol.asyncDispose]() {
      await ledger.close();
      await end();
    },
  };
}

/** The ledger with some verbs replaced. Everything else is passed on to it. */
export function withVerbs(ledger: Ledger, verbs: Partial<Ledger>): Ledger {
  const own = (name: string | symbol) => {
    const value: unknown = Reflect.get(ledger, name);
    return typeof value === 'function' ? value.bind(ledger) : value;
  };
  return new Proxy(ledger, { get: (_, name) => Reflect.get(verbs, name) ?? own(name) });
}
