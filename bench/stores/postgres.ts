import { readFileSync } from 'node:fs';
import { Pool } from 'pg';
import { startPostgres } from '../../test/ledger/servers/postgres-server.ts';
import { familyUs } from '../measure/cpu.ts';
import { type Call, USERS, userOf } from './cycle.ts';
import { FIVE_LIMITS, type Store, type StoreServer } from './store.ts';

const CONNECTIONS = 16;

/** The Postgres ledger, compared with plain updates of one row, on its own server with fsync on. */
export const postgresStore: Store = {
  name: 'postgres',
  inFlight: [1, 16],
  variants: FIVE_LIMITS,
  start,
  async ledgerIn(place, { postgresLedger }) {
    const ledger = postgresLedger(poolOf(place), { deadlineMs: 20_000 });
    await ledger.ready();
    return ledger;
  },
  peers: {
    plain: (place) => plainUpdates(place, (index) => userOf(index)),
    'plain, one row of all': (place) => plainUpdates(place, () => 0),
  },
};

/** Connections stay open between rounds. */
const poolOf = (connectionString: string): Pool =>
  new Pool({ connectionString, max: CONNECTIONS, idleTimeoutMillis: 0 });

/** The cost of one limit per call without any other guarantee. */
async function plainUpdates(place: string, rowOf: (index: number) => number): Promise<Call> {
  const pool = poolOf(place);
  await pool.query('CREATE TABLE plain (id int PRIMARY KEY, n bigint) WITH (fillfactor = 50)');
  await pool.query('INSERT INTO plain SELECT id, 0 FROM generate_series(0, $1::int - 1) id', [
    USERS,
  ]);
  const text = 'UPDATE plain SET n = n + 1 WHERE id = $1';
  return (index) => pool.query(text, [rowOf(index)]);
}

async function start(): Promise<StoreServer | undefined> {
  const server = await startPostgres();
  if (server === undefined) return undefined;
  const pool = new Pool({ connectionString: server.url, max: 1, idleTimeoutMillis: 0 });
  const pid = server.own && (await postmasterOf(pool));
  let places = 0;
  return {
    async newPlace() {
      const database = `bench_${process.pid}_${++places}`;
      await pool.query(`CREATE DATABASE ${database}`);
      const url = new URL(server.url);
      url.pathname = database;
      return url.href;
    },
    cpuUs: () => (pid === undefined ? undefined : familyUs(pid)),
    async bytesIn(place) {
      const database = new URL(place).pathname.slice(1);
      const { rows } = await pool.query('SELECT pg_database_size($1) AS bytes', [database]);
      return Number(rows[0].bytes);
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await server.close();
    },
  };
}

/** Returns the parent of each connection's process, or `undefined` if the system has no `/proc`. */
async function postmasterOf(pool: Pool): Promise<number | undefined> {
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  try {
    const status = readFileSync(`/proc/${rows[0].pid}/status`, 'latin1');
    return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}
