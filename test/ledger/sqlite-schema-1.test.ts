import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import {
  assertCounts,
  claim,
  concurrent,
  DAY_MS,
  daily,
  HOUR_MS,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
  use,
} from '../../src/testing/ledger-conformance/case.ts';
import { sqliteFolder } from './sqlite-folder.ts';

describe('A SQLite file of schema 1', () => {
  const claims = [
    claim(daily(100)),
    claim(rolling(100)),
    claim(rate(60, 100)),
    claim(concurrent(5)),
    claim(daily(1_000), 'global'),
  ];
  const NOW_MS = START_MS + 2 * HOUR_MS + MINUTE_MS + 500;
  const writeSchema1 = (file: string) => {
    using database = new DatabaseSync(file);
    database.exec(readFileSync(new URL('sqlite-schema-1.sql', import.meta.url), 'utf8'));
  };
  const openSchema1 = (place: ReturnType<typeof sqliteFolder>) => {
    writeSchema1(place.file);
    return place.open({ clock: settableClock(NOW_MS) });
  };

  it('A file of schema 1 has every count, hold, tombstone, credit and record unchanged', async () => {
    await using place = sqliteFolder();
    const ledger = openSchema1(place);
    expect(await ledger.read(claims)).toEqual([
      { used: 8, held: 20, remaining: 72, resetsAtMs: START_MS + DAY_MS },
      { used: 8, held: 20, remaining: 72, resetsAtMs: START_MS + 25 * HOUR_MS },
      { used: 20, held: 0, remaining: 80, resetsAtMs: NOW_MS + 1_000 },
      { used: 0, held: 1, remaining: 4, resetsAtMs: undefined },
      { used: 9, held: 20, remaining: 971, resetsAtMs: START_MS + DAY_MS },
    ]);
    expect(await ledger.settle('ended', tokens(4))).toBe('replayed');
    expect(await ledger.credit('gift', claims, tokens(1))).toBe('replayed');
    expect(await ledger.records.get('user:ada')).toEqual({ value: '{"blocked":true}', version: 1 });
  });

  it('A file of schema 1 continues to count: live and expired holds settle where they were taken', async () => {
    await using place = sqliteFolder();
    const ledger = openSchema1(place);
    expect(await ledger.settle('live', { ...tokens(9), concurrent: 0 })).toBe('done');
    expect(await ledger.settle('expired', { ...tokens(2), concurrent: 0 })).toBe('done');
    await use(ledger, 'next', claim(daily(100)), 10);
    const used = (await ledger.read(claims)).map((balance) => [balance.used, balance.held]);
    expect(used).toEqual([
      [24, 0],
      [14, 0],
      [6, 0],
      [0, 0],
      [15, 0],
    ]);
    await ledger.close();
    const again = place.open({ clock: settableClock(NOW_MS) });
    await assertCounts(again, claim(daily(100)), { used: 24, held: 0 });
    // An account with parts of holds that seem to be live would stay for ever.
    using database = new DatabaseSync(place.file);
    const rows = database.prepare('SELECT DISTINCT live FROM guard_accounts').all();
    expect(rows).toEqual([{ live: 0 }]);
  });

  it('A migrated file makes a process that still has it open fail instead of counting on old rows', async () => {
    await using place = sqliteFolder();
    writeSchema1(place.file);
    using old = new DatabaseSync(place.file);
    const find = old.prepare('SELECT * FROM guard_subjects WHERE subject = ?');
    expect(find.get('user:ada')).toBeDefined();
    place.open();
    expect(() => find.get('user:ada')).toThrow('no such table: guard_subjects');
  });
});
