import type { Pool } from 'pg';
import type { PgPool } from '../../../src/ledger/postgres-ledger.ts';

/** The same pool. `see` is told of each text before it is sent; what it throws is thrown instead. */
export function watchedPool(pool: Pool, see: (text: string) => void): PgPool {
  return {
    on: () => {},
    async query(query) {
      see(query.text);
      return pool.query(query);
    },
    async connect() {
      const client = await pool.connect();
      return {
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (isBroken) => client.release(isBroken),
        async query(query) {
          see(query.text);
          return client.query(query);
        },
      };
    },
  };
}
