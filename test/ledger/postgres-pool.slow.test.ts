import { Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  assertCounts,
  claim,
  daily,
  granted,
  LEASE,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { DEADLINE_MS, fails, SLACK_MS, warmUp } from './fails-in-time.ts';
import { freshLedger, freshSchema } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());
describe.skipIf(server === undefined)('A crowded pool', () => {
  it('A pool of one connection serves many simultaneous calls, and none of them keeps it', async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const ledger = await freshLedger(pool);
    const of = claim(daily(1_000));
    const ids = Array.from({ length: 200 }, (_, index) => `call-${index}`);
    await Promise.all(ids.map((id) => granted(ledger.reserve(id, [of], tokens(1), LEASE))));
    expect(pool.idleCount).toBe(1);
    await Promise.all(ids.map((id) => ledger.settle(id, tokens(1))));
    await assertCounts(ledger, of, { used: 200, held: 0 });
    await pool.end();
  });

  it('A pool that other code has emptied fails calls in time', async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const schema = freshSchema();
    await freshLedger(pool, { schema });
    const ledger = postgresLedger(pool, { schema, deadlineMs: DEADLINE_MS });
    await warmUp(ledger);
    const taken = await pool.connect();
    await fails(ledger.read([claim(daily(10))]));
    taken.release();
    await ledger.read([claim(daily(10))]);
    await pool.end();
  });

  it('A call that waits for a connection gets another one when that connection ends (postgres)', async () => {
    const client = postgres(url, { max: 2, backoff: () => 0.1, onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    let asked = 0;
    const ledger = await freshLedger({
      unsafe: (text) => client.unsafe(text),
      reserve: () => {
        asked += 1;
        return client.reserve();
      },
    });
    const taken = await Promise.all([client.reserve(), client.reserve()]);
    const rows = await Promise.all(
      taken.map((one) => one.unsafe('SELECT pg_backend_pid() AS pid')),
    );
    const waiting = ledger.reserve('waiting', [claim(daily(10))], tokens(1), LEASE);
    await expect.poll(() => asked).toBeGreaterThan(0);
    const pids = rows.map(([row]) => Number(row?.['pid']));
    const admin = new Pool({ connectionString: url, max: 1 });
    onTestFinished(() => admin.end());
    await admin.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids]);
    await granted(waiting);
  });

  it('A row locked by another transaction fails the calls on it in time, and no others', async () => {
    const pool = new Pool({ connectionString: url, max: 8 });
    const schema = freshSchema();
    const patient = await freshLedger(pool, { schema });
    const ledger = postgresLedger(pool, { schema, deadlineMs: DEADLINE_MS + SLACK_MS });
    const [ada, bob] = [claim(daily(100), 'user:ada'), claim(daily(100), 'user:bob')];
    for (const of of [ada, bob]) await granted(patient.reserve(of.account, [of], tokens(1), LEASE));
    const admin = await pool.connect();
    await admin.query(
      `BEGIN; SELECT FROM ${schema}.subjects WHERE subject = 'user:ada' FOR UPDATE`,
    );
    const call = (index: number) =>
      ledger.reserve(`${index}`, [index % 2 ? ada : bob], tokens(1), LEASE).then(
        () => true,
        () => false,
      );
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => call(index)));
    await admin.query('ROLLBACK');
    admin.release();
    expect(answers.map((isGranted, index) => isGranted === (index % 2 === 0))).not.toContain(false);
    await pool.end();
  });
});
