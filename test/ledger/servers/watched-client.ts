import type {
  PgPool,
  PostgresClient,
  PostgresJs,
} from '../../../src/ledger/postgres/postgres-ledger.ts';

/** Called with each text before it is sent. If it throws, the error replaces the query. */
export type See = (text: string) => void;

/** The same client, of either library, watched. */
export function watched(client: PostgresClient, see: See): PostgresClient {
  return 'unsafe' in client ? watchedPostgresJs(client, see) : watchedPool(client, see);
}

function watchedPool(pool: PgPool, see: See): PgPool {
  return {
    on: (event, listener) => pool.on(event, listener),
    ...(pool.options && { options: pool.options }),
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

function watchedPostgresJs(client: PostgresJs, see: See): PostgresJs {
  return {
    ...(client.options && { options: client.options }),
    unsafe(text) {
      see(text);
      return client.unsafe(text);
    },
    async reserve() {
      const own = await client.reserve();
      return {
        unsafe(text) {
          see(text);
          return own.unsafe(text);
        },
        release: () => own.release(),
      };
    },
  };
}
