import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, Pool, type QueryResult } from 'pg';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  claim,
  DISPATCHED,
  daily,
  granted,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { connect, freshLedger, freshSchema, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';
import { watched } from './servers/watched-client.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());

const STOPPER = fileURLToPath(new URL('./servers/postgres-stopper.ts', import.meta.url));
const CLAIMS = [claim(daily(100), 'user:ada'), claim(daily(100), 'global')];
const libraries: readonly Library[] = ['pg', 'postgres'];

describe.skipIf(server === undefined).each(libraries)('A stalled process (%s)', (library) => {
  const pool = new Pool({ connectionString: url, max: 4 });
  afterAll(() => pool.end());

  const held = async (ledger: PostgresLedger) =>
    (await ledger.read(CLAIMS)).map((balance) => balance.held);

  /** The number of connections that hold rows of a schema and are idle. */
  async function idleHolders(schema: string): Promise<number> {
    const { rows } = await pool.query<{ n: string }>(
      `SELECT count(*) AS n FROM pg_stat_activity
       WHERE state = 'idle in transaction' AND query LIKE $1`,
      [`%"${schema}".fetch(%`],
    );
    return Number(rows[0]?.n);
  }

  it('A process that is stopped while it holds rows loses them, and counts once when it continues', {
    timeout: 60_000,
  }, async () => {
    const schema = freshSchema();
    const others = await freshLedger(pool, { schema, deadlineMs: 30_000 });
    const child = fork(STOPPER, [url, schema, library], { execArgv: [], silent: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect((await once(child, 'message'))[0]).toBe('ready');
    const stops = child.stdout && once(child.stdout, 'data');
    child.send('go');
    await stops;
    await granted(others.reserve('other', CLAIMS, tokens(1), DISPATCHED));
    await expect.poll(() => idleHolders(schema)).toBe(0);
    expect(await held(others)).toEqual([1, 1]);
    const answer = once(child, 'message');
    child.kill('SIGCONT');
    expect((await answer)[0]).toBe(true);
    expect(await held(others)).toEqual([2, 2]);
  });

  it.each([
    ['fetched', '.fetch('],
    ['written', '.write('],
  ])(
    'A process that is busy for long while rows are %s repeats its verb, with one effect',
    async (_, mark) => {
      const { client, end } = connect(library, url, 4);
      onTestFinished(end);
      let isArmed = false;
      const stall = (text: string) => {
        if (!isArmed || !text.includes(mark)) return;
        isArmed = false;
        // The statement is sent at the end of this turn, unless it is the last.
        if (mark === '.write(') block();
        else setImmediate(() => setImmediate(block));
      };
      const ledger = await freshLedger(watched(client, stall));
      isArmed = true;
      await granted(ledger.reserve('busy', CLAIMS, tokens(1), DISPATCHED));
      expect([isArmed, await held(ledger)]).toEqual([false, [1, 1]]);
    },
  );
});

describe.skipIf(server === undefined)('The timeouts of a transaction', () => {
  it('The timeouts of a transaction are short, and those of its session are unchanged', async () => {
    const client = new Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    const asked = `SELECT name, setting::int AS ms FROM pg_settings
      WHERE name IN ('lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`;
    const msIn = ({ rows }: QueryResult<{ ms: number }>) => rows.map(({ ms }) => Number(ms));
    const settings = async () => msIn(await client.query(asked));
    const schema = freshSchema();
    const pool = new Pool({ connectionString: url, max: 2 });
    onTestFinished(() => pool.end());
    const texts: string[] = [];
    const ledger = await freshLedger(
      watched(pool, (text) => texts.push(text)),
      { schema },
    );
    await granted(ledger.reserve('call', CLAIMS, tokens(1), DISPATCHED));
    const before = await settings();
    const fetch = texts.find((text) => text.includes('.fetch(E')) ?? '';
    // All in one round trip: between two, a busy process would exceed these very timeouts.
    const results = await client.query(`${fetch}; ${asked}; COMMIT`);
    const [idleMs = 0, lockMs = 0] = [results].flat().slice(-2, -1).flatMap(msIn);
    expect([idleMs, lockMs].every((ms) => ms > 0)).toBe(true);
    expect(idleMs).toBeLessThanOrEqual(100);
    expect(await settings()).toEqual(before);
  });
});

/** Blocks for longer than a process may keep rows from others. */
function block(): void {
  const endMs = performance.now() + 200;
  while (performance.now() < endMs);
}
