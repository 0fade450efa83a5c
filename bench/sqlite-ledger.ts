/**
 * The SQLite ledger beside a plain one-row UPDATE of a file with the same settings, each in a commit of
 * its own: `node bench/sqlite-ledger.ts`. Seconds per figure: `SECONDS=4`; `DURABILITY=full` waits for
 * the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openFile } from '../src/ledger/sqlite/schema.ts';
import { sqliteLedger } from '../src/ledger/sqlite-ledger.ts';
import { type Call, cycle, measure, userOf } from './store-cycle.ts';
import { figure, printTable } from './table.ts';

const IN_FLIGHT = [1, 32, 128];
const durability = process.env['DURABILITY'] === 'full' ? 'full' : 'normal';

/** What one limit of each call would cost if nothing else were promised. */
function plainUpdates(database: DatabaseSync): Call {
  database.exec(`CREATE TABLE plain (id INTEGER PRIMARY KEY, n INTEGER);
    WITH RECURSIVE ids (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < 9999)
    INSERT INTO plain SELECT id, 0 FROM ids`);
  const update = database.prepare('UPDATE plain SET n = n + 1 WHERE id = ?');
  return async (index) => update.run(userOf(index));
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const plain = openFile({ file: join(folder, 'plain.db'), busyMs: 150, durability });
const ledger = sqliteLedger({ file: join(folder, 'ledger.db'), durability });
const contenders: readonly [string, Call][] = [
  ['one-row UPDATE, own row', plainUpdates(plain)],
  ['reserve + settle, 5 limits', cycle(ledger, false)],
  ['reserve + settle, 5 limits, one everybody’s', cycle(ledger, true)],
];
const rows: string[][] = [];
for (const inFlight of IN_FLIGHT) {
  for (const [name, call] of contenders) {
    const { perSecond, p50, p99 } = await measure(call, inFlight);
    rows.push([name, `${inFlight}`, figure(perSecond), figure(p50), figure(p99)]);
  }
}
printTable(['', 'in flight', 'per second', 'p50 ms', 'p99 ms'], rows);
await ledger.close();
plain.close();
rmSync(folder, { recursive: true });
