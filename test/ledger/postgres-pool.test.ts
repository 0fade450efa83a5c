import { Pool } from 'pg';
import postgres from 'postgres';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type PostgresClient, postgresLedger } from '../../src/ledger/postgres-ledger.ts';

/** Neither connects before it is asked something. */
const pools: readonly [library: string, open: (max?: number) => PostgresClient][] = [
  ['pg', (max) => new Pool(max === undefined ? {} : { max })],
  ['postgres', (max) => postgres(max === undefined ? {} : { max })],
];

describe.each(pools)('the size of a pool of "%s"', (_library, open) => {
  const warningsOf = (pool: PostgresClient) => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => emitted.mockRestore());
    postgresLedger(pool);
    postgresLedger(pool, { schema: 'other' });
    return emitted.mock.calls;
  };

  it('is warned of once when it is a single connection', () => {
    expect(warningsOf(open(1))).toEqual([
      [expect.stringContaining('"max"'), { type: 'GuardWarning', code: 'GUARD_POSTGRES_POOL' }],
    ]);
  });

  it.each([undefined, 2, 8])('is no matter when it is %s', (max) => {
    expect(warningsOf(open(max))).toEqual([]);
  });
});
