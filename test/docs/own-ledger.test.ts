import { expect, it } from 'vitest';
import type { Clock, Ledger } from '../../src/index.ts';
import { assertCounts, claim, START_MS, use } from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from '../ledger/race/lasting.ts';
import { sqliteFolder } from '../ledger/sqlite-folder.ts';
import { codeOf, OWN_LEDGER_PAGE } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

const LINES_MAX = 100;

interface Program {
  journalLedger(file: string, clock?: Clock): Promise<Ledger>;
}

// Running the second block registers the cases of the conformance suite here.
await using world = await startWorld('own-ledger');
await world.run('journal-ledger.test', codeOf(OWN_LEDGER_PAGE)[1] ?? '');
const { journalLedger } = (await world.beside('journal-ledger.ts')) as unknown as Program;

it(`${OWN_LEDGER_PAGE}: the ledger is short and keeps its counts across a restart`, async () => {
  expect(codeOf(OWN_LEDGER_PAGE)[0]?.split('\n').length).toBeLessThanOrEqual(LINES_MAX);
  await using place = sqliteFolder();
  const of = claim(lasting(10));
  const clock = { nowMs: () => START_MS };
  const before = await journalLedger(place.file, clock);
  await use(before, 'call', of, 7);
  await before.records.put('user:ada', '1');
  await before.close();
  const after = await journalLedger(place.file, clock);
  await assertCounts(after, of, { used: 7, held: 0 });
  expect(await after.records.get('user:ada')).toEqual({ value: '1', version: 1 });
  await after.close();
});
