import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import {
  assertCounts,
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  granted,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
  use,
} from '../../src/testing/ledger-conformance/case.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { assertKeepsNoSecret } from './keeps-no-secret.ts';
import { lasting } from './race/lasting.ts';
import { sqliteFolder } from './sqlite-folder.ts';

const MAX = Number.MAX_SAFE_INTEGER;

describe('A SQLite file that is opened again', () => {
  it('A reopened file has every count to the unit, live holds, tombstones and records', async () => {
    await using place = sqliteFolder();
    const clock = settableClock(START_MS);
    const rules = [daily(MAX), rolling(MAX), rate(1_000, 1_000)];
    const claims = [...rules.map((rule) => claim(rule)), claim(concurrent(5))];
    const before = place.open({ clock });
    await use(before, 'large', claim(daily(MAX), 'large'), MAX - 1);
    await granted(before.reserve('ended', claims, tokens(7), DISPATCHED));
    expect(await before.settle('ended', { ...tokens(4), concurrent: 0 })).toBe('done');
    await granted(before.reserve('live', claims, tokens(20), LEASE));
    await before.records.put('user:ada', '{"blocked":true}');
    const balances = await before.read(claims);
    await before.close();

    const after = place.open({ clock });
    expect(await after.read(claims)).toEqual(balances);
    await assertCounts(after, claim(daily(MAX), 'large'), { used: MAX - 1, held: 0 });
    expect(await after.settle('ended', tokens(4))).toBe('replayed');
    expect(await after.release('ended')).toBe('refused');
    expect(await after.records.get('user:ada')).toEqual({ value: '{"blocked":true}', version: 1 });
    expect(await after.release('live')).toBe('done');
    await assertCounts(after, claim(daily(MAX)), { used: 4, held: 0 });
  });

  it('A reopened file ends the holds that expired while it was closed', async () => {
    await using place = sqliteFolder();
    const clock = settableClock(START_MS);
    const before = place.open({ clock });
    await granted(before.reserve('sent', [claim(daily(100))], tokens(5), DISPATCHED));
    await granted(before.reserve('unsent', [claim(daily(100))], tokens(9), LEASE));
    await before.close();
    clock.set(START_MS + MINUTE_MS);
    await assertCounts(place.open({ clock }), claim(daily(100)), { used: 5, held: 0 });
  });

  it('A restarted guard denies what the previous one used up', async () => {
    await using place = sqliteFolder();
    const plans = { free: { models: [MODEL], limits: [{ requests: 2, per: '24h' }] } } as const;
    const statuses: number[] = [];
    for (const calls of [1, 2]) {
      await using fixture = await startFixture({ plans, ledger: sqliteLedger(place) });
      const token = await tokenOf(fixture.guard);
      for (let call = 0; call < calls; call += 1) {
        const answer = await post(fixture.guard, token, chat());
        statuses.push(answer.status);
        if (answer.status === 429) expect(await codeOf(answer)).toBe('quota_exceeded');
        else await answer.text();
      }
    }
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('A process on a SQLite file that is killed', () => {
  const module = new URL('./race/sqlite-module.ts', import.meta.url).href;
  const worker = fileURLToPath(new URL('./race/settling-worker.ts', import.meta.url));

  /** Returns how many settles the process reported. */
  async function settleUntilKilled(file: string, afterSettles: number): Promise<number> {
    const child = fork(worker, [module, file], { execArgv: [] });
    let settled = 0;
    child.on('message', (count) => {
      settled = Number(count);
      if (settled === afterSettles) child.kill('SIGKILL');
    });
    // What it wrote before it died can still be read until the channel ends.
    await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
    return settled;
  }

  it('A killed process leaves what it reported, at most one more settle, and holds that expire', async () => {
    await using place = sqliteFolder();
    let said = 0;
    for (const settles of [1, 37, 150]) said += await settleUntilKilled(place.file, settles);
    const clock = settableClock(Date.now() + 2 * MINUTE_MS);
    const ledger = place.open({ clock });
    const [own, global] = await ledger.read([
      claim(lasting(1_000_000)),
      claim(lasting(1_000_000), 'global'),
    ]);
    expect(own).toEqual(global);
    expect(own?.held).toBe(0);
    expect(own?.used).toBeGreaterThanOrEqual(said);
    expect(own?.used).toBeLessThanOrEqual(said + 3);
    using database = new DatabaseSync(place.file);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  });
});

it('Two ledgers on one file receive each other’s record changes', async () => {
  await using place = sqliteFolder();
  const [one, other] = [place.open(), place.open()];
  const heard: string[][] = [[], []];
  one.records.watch((key) => heard[0]?.push(key));
  other.records.watch((key) => heard[1]?.push(key));
  await one.records.put('user:ada', '1');
  await other.records.put('user:bob', '1');
  await one.records.delete('user:ada');
  const both = expect.arrayContaining(['user:ada', 'user:bob']);
  await expect.poll(() => heard).toEqual([both, both]);
});

it('A SQLite file and the files beside it contain no part of a token, the key or the secret, and no prompt', async () => {
  await using place = sqliteFolder();
  const filesOf = () => readdirSync(place.folder).map((name) => join(place.folder, name));
  await assertKeepsNoSecret(sqliteLedger(place), async () => {
    expect(readdirSync(place.folder)).toContain('guard.db-wal');
    return Buffer.concat(filesOf().map((file) => readFileSync(file)));
  });
});

it('Rows that no longer count leave the file as new ones are added', async () => {
  await using place = sqliteFolder();
  const clock = settableClock(START_MS);
  const ledger = place.open({ clock });
  const useAll = async (day: number) => {
    clock.set(START_MS + day * 3 * DAY_MS);
    const used = Array.from({ length: 1_000 }, (_, user) =>
      use(ledger, `${day}-${user}`, claim(rolling(10), `user:${day}-${user}`), 1),
    );
    await Promise.all(used);
    // One after another, because one turn of the event loop is one transaction.
    for (let user = 0; user < 100; user += 1) {
      await use(ledger, `${day}+${user}`, claim(rolling(10), `user:${day}+${user}`), 1);
    }
  };
  for (let day = 0; day < 5; day += 1) await useAll(day);
  using database = new DatabaseSync(place.file);
  const rowsOf = (table: string) =>
    Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows']);
  expect(rowsOf('guard_accounts')).toBeLessThan(2 * 1_100);
  expect(rowsOf('guard_ended')).toBeLessThan(2 * 1_100);
});
