import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import {
  assertCounts,
  claim,
  daily,
  LEASE,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { sqliteFolder } from './sqlite-folder.ts';

describe('A SQLite file that cannot be used', () => {
  const wrong: readonly [string, (file: string) => string, RegExp][] = [
    ['of a later schema', ofLaterSchema, /later version.*schema 99.*update the package/],
    ['in a folder that does not exist', (file) => join(file, 'none', 'guard.db'), /unable to open/],
    ['that is not a database', ofText, /not a database/],
  ];

  it.each(wrong)(
    'Opening a file %s throws a LedgerError that names the file',
    async (_, make, message) => {
      await using place = sqliteFolder();
      const file = make(place.file);
      const open = () => sqliteLedger({ file });
      expect(open).toThrow(LedgerError);
      expect(open).toThrow(message);
      expect(open).toThrow(file);
    },
  );

  function ofLaterSchema(file: string): string {
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    return file;
  }

  function ofText(file: string): string {
    writeFileSync(file, 'Dear diary, '.repeat(100));
    return file;
  }
});

describe('A SQLite verb that fails', () => {
  it('A verb throws a LedgerError while another process has the file, and works again later', async () => {
    await using place = sqliteFolder();
    const ledger = place.open({ busyMs: 30 });
    using other = new DatabaseSync(place.file);
    other.exec('BEGIN EXCLUSIVE');
    const reserve = () => ledger.reserve('call', [claim(daily(10))], tokens(1), LEASE);
    await expect(reserve()).rejects.toThrow(LedgerError);
    await expect(ledger.records.get('user:ada')).rejects.toThrow(place.file);
    other.exec('ROLLBACK');
    expect(await reserve()).toMatchObject({ granted: true });
    await assertCounts(ledger, claim(daily(10)), { used: 0, held: 1 });
  });

  it('A verb with an invalid argument does not fail the other verbs of its turn', async () => {
    await using place = sqliteFolder();
    const ledger = place.open({ clock: settableClock(START_MS) });
    const take = (id: string) => ledger.reserve(id, [claim(daily(10))], tokens(1), LEASE);
    const mistake = ledger.records.put('user:ada', {} as never);
    const answers = await Promise.allSettled([take('one'), mistake, take('two')]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(mistake).rejects.toThrow(TypeError);
    await assertCounts(ledger, claim(daily(10)), { used: 0, held: 2 });
  });

  it('A verb after close throws "the ledger is closed"', async () => {
    await using place = sqliteFolder();
    const ledger = place.open();
    const last = ledger.records.put('user:ada', '1');
    await ledger.close();
    expect(await last).toBe(true);
    await expect(ledger.records.get('user:ada')).rejects.toThrow('the ledger is closed');
  });

  it('A verb with an invalid argument before close does not fail the verbs that wait with it', async () => {
    await using place = sqliteFolder();
    const ledger = place.open({ clock: settableClock(START_MS) });
    const take = (id: string) => ledger.reserve(id, [claim(daily(10))], tokens(1), LEASE);
    const mistake = ledger.records.put('user:ada', {} as never);
    const answers = Promise.allSettled([take('one'), mistake, take('two')]);
    await ledger.close();
    expect((await answers).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect(take('late')).rejects.toThrow(LedgerError);
    const again = place.open({ clock: settableClock(START_MS) });
    await assertCounts(again, claim(daily(10)), { used: 0, held: 2 });
  });
});
