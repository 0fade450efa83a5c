import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { DISPATCHED, tokens } from '../../src/testing/ledger-conformance/case.ts';
import { EVERY_LEVEL } from './every-level.ts';
import { assertKeepsNoSecret } from './keeps-no-secret.ts';
import { freshLedger, freshSchema } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';
import { watched } from './servers/watched-client.ts';

const server = await startPostgres();
afterAll(() => server?.close());

describe.skipIf(server === undefined)('A guard on Postgres', () => {
  const pool = new Pool({ connectionString: server?.url ?? '', max: 4 });
  afterAll(() => pool.end());

  async function dumpOf(schema: string): Promise<string> {
    const tables = ['meta', 'subjects', 'holds', 'records'];
    const dumps = tables.map((table) =>
      pool.query(`SELECT t::text AS line FROM ${schema}.${table} t`),
    );
    return (await Promise.all(dumps))
      .flatMap(({ rows }) => rows.map(({ line }) => line))
      .join('\n');
  }

  it('Postgres stores no part of a token, the key or the secret, and no prompt', async () => {
    const schema = freshSchema();
    const ledger = await freshLedger(pool, { schema });
    await assertKeepsNoSecret(ledger, async () => Buffer.from(await dumpOf(schema)));
  });

  it('A verb on Postgres takes two round trips to write and one to read, whatever limits apply', async () => {
    let asked = 0;
    const count = () => {
      asked += 1;
    };
    const ledger = await freshLedger(watched(pool, count));
    let calls = 0;
    const reserve = async () => {
      calls += 1;
      const decision = await ledger.reserve(`call-${calls}`, EVERY_LEVEL, tokens(1), DISPATCHED);
      expect(decision).toMatchObject({ granted: true, wouldDeny: expect.any(Array) });
    };
    const costs = async (verb: () => Promise<unknown>) => {
      const before = asked;
      await verb();
      return asked - before;
    };
    /** The least of several, because a process that was busy for long repeats a transaction. */
    const least = async (verb: () => Promise<unknown>) =>
      Math.min(await costs(verb), await costs(verb), await costs(verb));
    const writing = [
      reserve,
      () => ledger.renew(`call-${calls}`, DISPATCHED),
      () => ledger.settle(`call-${calls}`, tokens(1)),
      () => ledger.release(`call-${calls}`),
      () => ledger.credit(`bought-${asked}`, EVERY_LEVEL, tokens(1)),
    ];
    for (const verb of writing) expect(await least(verb)).toBe(2);
    expect(await least(() => ledger.read(EVERY_LEVEL))).toBe(1);
  });
});
