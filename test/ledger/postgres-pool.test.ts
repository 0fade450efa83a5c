import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type PostgresClient, postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  claim,
  DISPATCHED,
  daily,
  granted,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { connect, freshLedger, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());

/** Neither connects before its first query. */
const pools: readonly [library: string, open: (max?: number) => PostgresClient][] = [
  ['pg', (max) => new Pool(max === undefined ? {} : { max })],
  ['postgres', (max) => postgres(max === undefined ? {} : { max })],
];

describe.each(pools)('The size of a "%s" pool', (_library, open) => {
  const warningsOf = (pool: PostgresClient) => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => emitted.mockRestore());
    postgresLedger(pool);
    postgresLedger(pool, { schema: 'other' });
    return emitted.mock.calls;
  };

  it('A pool of a single connection causes one warning', () => {
    expect(warningsOf(open(1))).toEqual([
      [expect.stringContaining('"max"'), { type: 'GuardWarning', code: 'GUARD_POSTGRES_POOL' }],
    ]);
  });

  it.each([undefined, 2, 8])('A pool of size %s causes no warning', (max) => {
    expect(warningsOf(open(max))).toEqual([]);
  });
});

describe.skipIf(server === undefined)('A Postgres ledger that is ready', () => {
  const admin = new Pool({ connectionString: url, max: 1 });
  afterAll(() => admin.end());

  it.each<Library>(['pg', 'postgres'])(
    'A ready ledger has opened the connections that the first burst uses (%s)',
    async (library) => {
      const name = `burst_${randomBytes(6).toString('hex')}`;
      const { client, end } = connect(library, `${url}?application_name=${name}`);
      onTestFinished(end);
      const opened = async () => {
        const text = 'SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid';
        return (await admin.query<{ pid: number }>(text, [name])).rows.map(({ pid }) => pid);
      };
      const ledger = await freshLedger(client);
      const before = await opened();
      expect(before).toHaveLength(4);
      const claims = [claim(daily(100), 'user:ada'), claim(daily(100), 'global')];
      const burst = Array.from({ length: 24 }, (_, index) =>
        granted(ledger.reserve(`call-${index}`, claims, tokens(1), DISPATCHED)),
      );
      await Promise.all(burst);
      // A process that was busy for long may have lost a connection and opened another for it.
      await expect.poll(async () => (await opened()).length).toBeLessThanOrEqual(before.length);
    },
  );
});
