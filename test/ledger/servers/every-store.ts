import { afterAll } from 'vitest';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import { sqliteFolder } from '../sqlite-folder.ts';
import { connect, freshLedger as freshPostgresLedger } from './postgres-ledgers.ts';
import { startPostgres } from './postgres-server.ts';
import { freshLedger as freshRedisLedger, libraries } from './redis-clients.ts';
import { redisBinary, startRedis } from './redis-server.ts';

/** Opens an empty ledger. It ends with the test file. */
type Open = () => Promise<Ledger>;

const DEADLINE_MS = 20_000;

/** Every kind of store that can be started here, by name. Called once, outside of tests. */
export async function everyStore(): Promise<[name: string, open: Open][]> {
  const stores: [string, Open][] = [['memory', async () => memoryLedger()]];
  stores.push(['SQLite', openSqlite]);
  const binary = redisBinary();
  const redis = binary === undefined ? undefined : await startRedis(binary);
  afterAll(() => redis?.close());
  if (redis !== undefined) stores.push(['Redis', () => openRedis(redis.port)]);
  const postgres = await startPostgres();
  afterAll(() => postgres?.close());
  if (postgres !== undefined) stores.push(['Postgres', postgresOpener(postgres.url)]);
  return stores;
}

const ends: (() => unknown)[] = [];
async function openSqlite(): Promise<Ledger> {
  const folder = sqliteFolder();
  ends.push(() => folder[Symbol.asyncDispose]());
  return folder.open();
}

async function openRedis(port: number): Promise<Ledger> {
  const open = libraries['ioredis 6'];
  if (open === undefined) throw new Error('ioredis 6 is not installed');
  const { client, end } = await open(port);
  ends.push(end);
  return freshRedisLedger(client, { deadlineMs: DEADLINE_MS });
}

function postgresOpener(url: string): Open {
  const { client, end } = connect('pg', url);
  ends.push(end);
  return () => freshPostgresLedger(client, { deadlineMs: DEADLINE_MS });
}

afterAll(async () => {
  for (const end of ends) await end();
});
