/**
 * The Postgres ledger beside a plain one-row UPDATE, on a server of its own with fsync on:
 * `node bench/postgres-ledger.ts`. Seconds per figure: `SECONDS=4`.
 */
import { Pool } from 'pg';
import { postgresLedger } from '../src/ledger/postgres-ledger.ts';
import { startPostgres } from '../test/ledger/servers/postgres-server.ts';
import { type Call, cycle, measure, userOf } from './store-cycle.ts';
import { figure, printTable } from './table.ts';

const IN_FLIGHT = [1, 16, 32];

async function main(): Promise<void> {
  await using server = await startPostgres();
  if (server === undefined) return;
  const rows: string[][] = [];
  for (const inFlight of IN_FLIGHT) {
    const pool = new Pool({ connectionString: server.url, max: inFlight });
    const ledger = postgresLedger(pool, { deadlineMs: 10_000 });
    await ledger.ready();
    await pool.query(
      'CREATE TABLE IF NOT EXISTS plain (id int PRIMARY KEY, n bigint) WITH (fillfactor = 50)',
    );
    await pool.query(
      'INSERT INTO plain SELECT id, 0 FROM generate_series(0, 9999) id ON CONFLICT DO NOTHING',
    );
    const text = 'UPDATE plain SET n = n + 1 WHERE id = $1';
    const contenders: readonly [string, Call][] = [
      ['one-row UPDATE, own row', (index) => pool.query(text, [userOf(index)])],
      ['one-row UPDATE, one row of all', () => pool.query(text, [0])],
      ['reserve + settle, 5 limits', cycle(ledger, false)],
      ['reserve + settle, 5 limits, one everybody’s', cycle(ledger, true)],
    ];
    for (const [name, call] of contenders) {
      const { perSecond, p50, p99 } = await measure(call, inFlight);
      rows.push([name, `${inFlight}`, figure(perSecond), figure(p50), figure(p99)]);
    }
    await ledger.close();
    await pool.end();
  }
  printTable(['', 'in flight', 'per second', 'p50 ms', 'p99 ms'], rows);
}

await main();
