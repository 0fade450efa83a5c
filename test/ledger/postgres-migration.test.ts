import { readFileSync } from 'node:fs';
import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { CalendarRule, Claim, Ledger, RollingRule } from '../../src/ledger/ledger.ts';
import { postgresLedger, postgresSchemaSql } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  amounts,
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  denied,
  granted,
  HOUR_MS,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { freshSchema } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
afterAll(() => server?.close());

const FIXTURE = readFileSync(new URL('postgres-schema-1.sql', import.meta.url), 'utf8');
/** The time when the fixture was written and the lease of its hold "due" ended. */
const NOW_MS = START_MS + 2 * HOUR_MS + MINUTE_MS + 500;

const requests: CalendarRule = daily(9, { key: 'requests/day', unit: 'requests' });
const money: RollingRule = {
  kind: 'rolling',
  key: 'usd:per hour, "ours"/ä',
  unit: 'nanoUsd',
  amount: 1e12,
  windowMs: HOUR_MS,
};
const CLAIMS = [
  claim(daily(100)),
  claim(rolling(100)),
  claim(rate(60, 100)),
  claim(concurrent(9)),
  claim(requests, 'token:x'),
  claim(money, 'token:x'),
  claim(daily(1_000), 'global'),
  claim(concurrent(50), 'global'),
];
/** Postgres cannot store this name. */
const ODD = [claim(daily(100), 'user:\0odd'), claim(concurrent(5), 'user:\0odd')];
const LONG_KEY = 'k'.repeat(400);
const BOB = [claim(daily(100), 'user:bob'), claim(daily(100, { key: LONG_KEY }), 'user:bob')];

/** The usage of a call with `count` tokens. */
const usd = (count: number) =>
  amounts({ requests: 1, tokens: count, nanoUsd: count * 1_000_000_001 });

/** The used and held amounts of each claim. */
async function countsOf(ledger: Ledger, claims: readonly Claim[] = CLAIMS): Promise<string> {
  const balances = await ledger.read(claims);
  return balances.map(({ used, held }) => `${used}+${held}`).join(' ');
}

describe.skipIf(server === undefined)('A Postgres schema of version 1', () => {
  const pool = new Pool({ connectionString: server?.url ?? '', max: 4 });
  afterAll(() => pool.end());
  const clock = settableClock(NOW_MS);

  async function writeVersion1(): Promise<string> {
    const schema = freshSchema();
    await pool.query(FIXTURE.replaceAll('schema_1', schema));
    return schema;
  }

  async function open(schema: string, options: { migrate?: boolean } = {}): Promise<Ledger> {
    clock.set(NOW_MS);
    const ledger = postgresLedger(pool, { schema, clock, deadlineMs: 5_000, ...options });
    await ledger.ready();
    return ledger;
  }

  const openVersion1 = async () => open(await writeVersion1());

  it('A migrated schema has every count unchanged', async () => {
    const ledger = await openVersion1();
    const endOfDay = START_MS + DAY_MS;
    expect(await ledger.read(CLAIMS)).toEqual([
      { used: 14, held: 31, remaining: 55, resetsAtMs: endOfDay },
      { used: 14, held: 31, remaining: 55, resetsAtMs: START_MS + 25 * HOUR_MS },
      { used: 33, held: 0, remaining: 67, resetsAtMs: NOW_MS + 500 },
      { used: 0, held: 2, remaining: 7, resetsAtMs: undefined },
      { used: 4, held: 2, remaining: 3, resetsAtMs: endOfDay },
      {
        used: 11_000_000_011,
        held: 31_000_000_031,
        remaining: 957_999_999_958,
        resetsAtMs: 1_793_584_950_000,
      },
      { used: 12, held: 31, remaining: 957, resetsAtMs: endOfDay },
      { used: 0, held: 2, remaining: 48, resetsAtMs: undefined },
    ]);
    expect(await countsOf(ledger, ODD)).toBe('12+2 0+1');
  });

  it('A migrated schema settles and releases live holds where they were taken', async () => {
    const ledger = await openVersion1();
    expect(await ledger.settle('live', usd(9))).toBe('done');
    expect(await ledger.release('sent')).toBe('done');
    expect(await ledger.settle('of odd', tokens(1))).toBe('done');
    expect(await countsOf(ledger)).toBe('23+0 23+0 11+0 0+0 5+0 20000000020+0 21+0 0+0');
    expect(await countsOf(ledger, ODD)).toBe('13+0 0+0');
    expect(await ledger.settle('live', usd(9))).toBe('replayed');
    expect(await ledger.settle('sent', usd(9))).toBe('refused');
  });

  it('A migrated schema corrects holds with an expired lease, once', async () => {
    const ledger = await openVersion1();
    for (const [id, count] of [
      ['charged', 2],
      ['freed', 3],
      ['due', 40],
    ] as const) {
      expect(await ledger.settle(id, usd(count))).toBe('done');
      expect(await ledger.settle(id, usd(count))).toBe('replayed');
      expect(await ledger.release(id)).toBe('refused');
    }
    expect(await countsOf(ledger)).toBe(
      '51+31 51+31 70+0 0+2 5+2 48000000048+31000000031 11+31 0+2',
    );
  });

  it('A migrated schema has nothing in flight after all its holds have ended', async () => {
    const schema = await writeVersion1();
    const ledger = await open(schema);
    const inFlight = async () => {
      const { rows } = await pool.query(
        `SELECT subject FROM ${schema}.subjects WHERE live <> 0 OR due_ms < 'Infinity'`,
      );
      return rows.length;
    };
    expect(await inFlight()).toBe(5);
    for (const id of ['live', 'sent', 'due', 'of odd', 'of bob']) {
      expect(await ledger.release(id)).toBe('done');
    }
    expect(await inFlight()).toBe(0);
  });

  it('A migrated schema ends each lease at its time and renews live ones', async () => {
    const ledger = await openVersion1();
    expect(await ledger.renew('due', LEASE)).toBe(false);
    expect(await ledger.renew('of odd', { durationMs: DAY_MS, dispatched: false })).toBe(true);
    clock.set(START_MS + 3 * HOUR_MS + MINUTE_MS);
    expect(await countsOf(ledger)).toBe('25+0 25+0 0+0 0+0 5+0 19000000019+0 23+0 0+0');
    expect(await countsOf(ledger, ODD)).toBe('12+2 0+1');
    expect(await ledger.settle('sent', usd(1))).toBe('done');
    expect(await ledger.settle('live', usd(1))).toBe('done');
    expect(await countsOf(ledger)).toBe('16+0 16+0 1+0 0+0 6+0 10000000010+0 14+0 0+0');
  });

  it('A migrated schema grants what is left of each limit and no more', async () => {
    const ledger = await openVersion1();
    const reserve = (id: string, count: number) =>
      ledger.reserve(id, CLAIMS, tokens(count), DISPATCHED);
    const { violations } = await denied(reserve('over', 56));
    expect(violations.map(({ claim: index, hard }) => [index, hard])).toEqual([
      [0, false],
      [1, false],
    ]);
    await granted(reserve('fits', 55));
    expect(await countsOf(ledger)).toBe(
      '14+86 14+86 88+0 0+3 4+3 11000000011+31000000031 12+86 0+3',
    );
  });

  it('A migrated schema keeps tombstones, credits and records', async () => {
    const ledger = await openVersion1();
    expect(await ledger.settle('settled', usd(4))).toBe('replayed');
    expect(await ledger.release('settled')).toBe('refused');
    expect(await ledger.release('released')).toBe('replayed');
    expect(await ledger.settle('released', usd(4))).toBe('refused');
    await granted(ledger.reserve('settled', CLAIMS, tokens(50), DISPATCHED));
    expect(await ledger.credit('gift', CLAIMS, amounts({ tokens: 1 }))).toBe('replayed');
    expect(await countsOf(ledger)).toMatch(/^14\+31 /);
    expect(await ledger.records.get('user:ada')).toEqual({ value: '{"blocked":true}', version: 1 });
    expect(await ledger.records.put('user:ada', '{}', { ifVersion: 1 })).toBe(true);
  });

  it('A migrated schema restarts a limit that was named by a hash and counts the others of its holds', async () => {
    const ledger = await openVersion1();
    expect(await countsOf(ledger, BOB)).toBe('0+5 0+0');
    expect(await ledger.settle('of bob', tokens(4))).toBe('done');
    expect(await countsOf(ledger, BOB)).toBe('4+0 0+0');
  });

  it('A schema of version 1 is not migrated with "migrate: false", and the error says what to do', async () => {
    const schema = await writeVersion1();
    await expect(open(schema, { migrate: false })).rejects.toThrow(/version 1.*postgresSchemaSql/);
    await open(schema);
    await open(schema, { migrate: false });
  });

  it('A schema can be migrated by hand, repeatedly, without losing a count', async () => {
    const schema = await writeVersion1();
    const rows = async () => {
      const tables = ['subjects', 'holds', 'records'].map((name) =>
        pool.query(`SELECT * FROM ${schema}.${name} ORDER BY 1`),
      );
      return (await Promise.all(tables)).map((table) => table.rows);
    };
    await pool.query(postgresSchemaSql(schema));
    const once = await rows();
    await pool.query(postgresSchemaSql(schema));
    expect(await rows()).toEqual(once);
    expect(await countsOf(await open(schema, { migrate: false }))).toMatch(/^14\+31 /);
  });

  it('A migrated schema drops the old counting functions and keeps all grants', async () => {
    const schema = await writeVersion1();
    const role = `role_${schema}`;
    await pool.query(`CREATE ROLE ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
    await open(schema);
    const { rows: functions } = await pool.query<{ name: string }>(
      `SELECT proname AS name FROM pg_proc WHERE pronamespace = '${schema}'::regnamespace`,
    );
    const names = functions.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['now_ms', 'put', 'remove', 'sweep']));
    const outdated = 'read reserve conclude finish renew credit lock expire post'.split(' ');
    expect(names.filter((name) => outdated.includes(name))).toEqual([]);
    const { rows } = await pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = '${schema}'::regnamespace
        AND relkind = 'r' AND has_table_privilege('${role}', oid, 'SELECT') ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['holds', 'meta', 'records', 'subjects']);
  });
});
