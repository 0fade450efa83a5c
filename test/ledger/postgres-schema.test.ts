import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { postgresLedger, postgresSchemaSql } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  claim,
  DAY_MS,
  DISPATCHED,
  daily,
  granted,
  MINUTE_MS,
  START_MS,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { connect, freshLedger, freshSchema, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';
import { watched } from './servers/watched-client.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());
const CLAIMS = [claim(daily(10))];

describe.skipIf(server === undefined)('The Postgres schema', () => {
  const pool = new Pool({ connectionString: url, max: 8 });
  afterAll(() => pool.end());
  const reserve = (schema: string, migrate = true) =>
    postgresLedger(pool, { schema, migrate, deadlineMs: 5_000 }).reserve(
      'call',
      CLAIMS,
      tokens(1),
      DISPATCHED,
    );

  it.each<Library>(['pg', 'postgres'])(
    'A schema is created once by several ledgers that start at the same time (%s)',
    async (library) => {
      const schema = freshSchema();
      const clients = [1, 2, 3, 4, 5, 6].map(() => connect(library, url, 1));
      const options = { schema, deadlineMs: 10_000 };
      const ledgers = clients.map(({ client }) => postgresLedger(client, options));
      await Promise.all(
        ledgers.map((ledger, index) =>
          granted(ledger.reserve(`call-${index}`, CLAIMS, tokens(1), DISPATCHED)),
        ),
      );
      const [balance] = (await ledgers[0]?.read(CLAIMS)) ?? [];
      expect(balance?.held).toBe(6);
      await Promise.all(clients.map(({ end }) => end()));
    },
  );

  it('A schema can be created again by hand without losing a count', async () => {
    const schema = freshSchema();
    await pool.query(postgresSchemaSql(schema));
    await granted(reserve(schema, false));
    await pool.query(postgresSchemaSql(schema));
    const [balance] = await postgresLedger(pool, { schema }).read(CLAIMS);
    expect(balance?.held).toBe(1);
  });

  it('A missing or outdated schema is rejected with "migrate: false", and the error says what to do', async () => {
    const schema = freshSchema();
    await expect(reserve(schema, false)).rejects.toThrow(/is missing.*postgresSchemaSql/);
    await pool.query(postgresSchemaSql(schema));
    await pool.query(`UPDATE ${schema}.meta SET version = 0`);
    await expect(reserve(schema, false)).rejects.toThrow(LedgerError);
    await granted(reserve(schema));
  });

  it('A newer schema is used while it serves this release, and is never downgraded', async () => {
    const schema = freshSchema();
    await pool.query(postgresSchemaSql(schema));
    await pool.query(`UPDATE ${schema}.meta SET version = 1000`);
    await granted(reserve(schema));
    await expect(pool.query(postgresSchemaSql(schema))).rejects.toThrow(/newer than/);
    await pool.query(`UPDATE ${schema}.meta SET serves_from = 1000`);
    await expect(reserve(schema)).rejects.toThrow(/no longer serves this release.*update/);
  });

  it('A schema can be used by a role that may create nothing', async () => {
    const schema = freshSchema();
    await pool.query(postgresSchemaSql(schema));
    const role = `role_${schema}`;
    await pool.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
    const poor = new Pool({ connectionString: url.replace('postgres@', `${role}@`), max: 2 });
    const ledger = postgresLedger(poor, { schema, migrate: false, deadlineMs: 5_000 });
    await granted(ledger.reserve('call', CLAIMS, tokens(4), DISPATCHED));
    expect(await ledger.settle('call', tokens(4))).toBe('done');
    expect(await ledger.records.put('key', '1')).toBe(true);
    await poor.end();
  });

  it.each(['', '1a', 'a"b', "a'; DROP TABLE x", 'ä'.repeat(40)])(
    'A schema name of %j is rejected',
    (schema) => {
      expect(() => postgresLedger(pool, { schema })).toThrow(TypeError);
    },
  );

  it('A Postgres ledger rejects a "pool" that is not a client', () => {
    expect(() => postgresLedger({} as never)).toThrow(/"pool" must be/);
  });
});

describe.skipIf(server === undefined)('The data of a Postgres ledger', () => {
  const pool = new Pool({ connectionString: url, max: 2 });
  afterAll(() => pool.end());

  it('The ledger needs no session state: each transaction may use another connection', async () => {
    const strangers = new Pool({ connectionString: url, max: 8, maxUses: 1 });
    const ledger = await freshLedger(strangers);
    await granted(ledger.reserve('call', CLAIMS, tokens(4), DISPATCHED));
    expect(await ledger.settle('call', tokens(3))).toBe('done');
    expect((await ledger.read(CLAIMS))[0]?.used).toBe(3);
    await strangers.end();
  });

  it('The time of a row never goes back, whichever process calls', async () => {
    const schema = freshSchema();
    const at = (nowMs: number) => freshLedger(pool, { schema, clock: { nowMs: () => nowMs } });
    const { startMs, endMs } = daily(10).windows[0];
    const late = await at(endMs);
    const early = await at(startMs);
    await granted(late.reserve('late', CLAIMS, tokens(10), DISPATCHED));
    await late.settle('late', tokens(10));
    expect((await early.reserve('early', CLAIMS, tokens(1), DISPATCHED)).granted).toBe(false);
  });

  it('A verb that meets the expired lease of another hold counts it once', async () => {
    let nowMs = START_MS;
    const ledger = await freshLedger(pool, { clock: { nowMs: () => nowMs } });
    const claims = [claim(daily(100), 'user:ada'), claim(daily(100), 'global')];
    const long = { durationMs: DAY_MS, dispatched: true };
    await granted(ledger.reserve('other', claims.slice(1), tokens(7), DISPATCHED));
    await granted(ledger.reserve('own', claims, tokens(9), long));
    nowMs += MINUTE_MS;
    expect(await ledger.settle('own', tokens(4))).toBe('done');
    await ledger.credit('gift', claims, tokens(1));
    expect((await ledger.read(claims)).map(({ used, held }) => [used, held])).toEqual([
      [3, 0],
      [10, 0],
    ]);
  });

  it('A verb takes effect although another verb of the same transaction is invalid', async () => {
    const ledger = await freshLedger(pool);
    await granted(ledger.reserve('call', CLAIMS, tokens(6), DISPATCHED));
    const many = Array.from({ length: 200 }, (_, index) => claim(daily(10, { key: `${index}` })));
    await granted(ledger.reserve('many', many, tokens(1), DISPATCHED));
    const oneMore = [claim(daily(10, { key: 'one more' }))];
    const settled = ledger.settle('call', tokens(4));
    const refused = ledger.reserve('other', oneMore, tokens(1), DISPATCHED);
    await expect(refused).rejects.toThrow(/"claims" name more than/);
    expect(await settled).toBe('done');
    const [balance] = await ledger.read(CLAIMS);
    expect([balance?.used, balance?.held]).toEqual([4, 0]);
  });

  it('Expired rows are removed, and rows that still count or can be ended are kept', async () => {
    let nowMs = daily(10).windows[0].startMs;
    const schema = freshSchema();
    const ledger = await freshLedger(pool, { schema, clock: { nowMs: () => nowMs } });
    const work = async () => {
      for (let index = 0; index < 300; index += 1) await ledger.release(`nothing ${index}`);
    };
    const left = async (table: string) => {
      const { rows } = await pool.query<{ n: string }>(
        `SELECT count(*) AS n FROM ${schema}.${table}`,
      );
      return Number(rows[0]?.n);
    };
    const count = async () => [await left('subjects'), await left('holds'), await left('records')];
    await granted(ledger.reserve('ended', CLAIMS, tokens(4), DISPATCHED));
    await ledger.settle('ended', tokens(4));
    await ledger.records.put('key', '1', { expiresAtMs: nowMs + 1_000 });
    await ledger.records.put('over', '1', { expiresAtMs: nowMs + 1 });
    nowMs += 1;
    // Sweeps run beside the verbs: a sweep has finished when expired rows are gone.
    const swept = () => expect.poll(() => work().then(count));
    await swept().toEqual([1, 1, 1]);
    nowMs += 3_600_000;
    await swept().toEqual([1, 0, 0]);
    nowMs += 30 * 3_600_000;
    await swept().toEqual([0, 0, 0]);
  });

  it('Sweeps continue after failed ones, and each outage is reported once', async () => {
    let isFailing = true;
    let sweeps = 0;
    const failing = watched(pool, (text) => {
      if (!/^SELECT \S+\.sweep\(/.test(text)) return;
      sweeps += 1;
      if (isFailing) throw new Error('too slow');
    });
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const ledger = await freshLedger(failing, { onError });
    for (let index = 0; index < 600 || sweeps < 3; index += 1) await ledger.release(`${index}`);
    expect(errors.map(String)).toEqual([expect.stringContaining('too slow')]);
    isFailing = false;
    const before = sweeps;
    await expect.poll(() => ledger.release('next').then(() => sweeps)).toBe(before + 1);
    await ledger.release('after it');
    expect([errors.length, sweeps]).toEqual([1, before + 1]);
  });

  it('A record change is reported to watchers in another process', async () => {
    const schema = freshSchema();
    const writer = await freshLedger(pool, { schema });
    const reader = await freshLedger(pool, { schema, pollMs: 100 });
    const heard = new Set<string>();
    const stop = reader.records.watch((key) => heard.add(key));
    await expect.poll(() => heard.has('*')).toBe(true);
    await writer.records.put('user:ada', '1');
    await writer.records.delete('user:ada');
    await expect.poll(() => heard.has('user:ada')).toBe(true);
    heard.clear();
    await writer.records.put('\0', '1');
    await expect.poll(() => heard.has('*')).toBe(true);
    stop();
    await reader.close();
  });

  it('A notice has the version of the record, and none for a deletion', async () => {
    const schema = freshSchema();
    const writer = await freshLedger(pool, { schema });
    const reader = await freshLedger(pool, { schema, pollMs: 100 });
    const heard: unknown[] = [];
    const stop = reader.records.watch((...notice) => heard.push(notice));
    await expect.poll(() => heard).toContainEqual(['*', undefined]);
    await writer.records.put('user:ada', '1');
    await expect.poll(() => heard).toContainEqual(['user:ada', 1]);
    await writer.records.put('user:ada', '2');
    await expect.poll(() => heard).toContainEqual(['user:ada', 2]);
    await writer.records.delete('user:ada');
    await expect.poll(() => heard).toContainEqual(['user:ada', undefined]);
    stop();
    await reader.close();
  });
});
