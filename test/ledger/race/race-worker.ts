/**
 * A process with a ledger that others use at the same time: `MODULE ARGS`, where
 * `openLedger(...ARGS)` of that module opens the ledger. It does each job that it receives and
 * sends back what it won.
 */
import assert from 'node:assert/strict';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { claim, tokens } from '../../../src/testing/ledger-conformance/case.ts';
import { lasting } from './lasting.ts';
import type { OpenLedger, RaceJob } from './race.ts';

const [module = '', ...args] = process.argv.slice(2);
const { openLedger } = (await import(module)) as { openLedger: OpenLedger };
const ledger = await openLedger(...args);
const name = `racer-${process.pid}`;

const LEASE = { durationMs: 3_600_000, dispatched: true };

/** How many of its reserves were granted, all called at once. A denied one leaves no trace. */
async function reserveAll({ calls, room }: RaceJob & { kind: 'reserve' }): Promise<number> {
  const claims = [claim(lasting(1_000_000), `user:${name}`), claim(lasting(room), 'global')];
  const reserve = (_: unknown, index: number) =>
    ledger.reserve(`${name}-${index}`, claims, tokens(1), LEASE);
  const answers = await Promise.all(Array.from({ length: calls }, reserve));
  const won = answers.filter(({ granted }) => granted).length;
  const [own] = await ledger.read(claims);
  assert.equal(own?.held, won);
  return won;
}

/** How many of its writes were the first write of a key. */
async function createAll({ keys }: RaceJob & { kind: 'create' }): Promise<number> {
  const put = (key: string) => ledger.records.put(key, JSON.stringify(name), { ifVersion: 0 });
  const written = await Promise.all(keys.map(put));
  return written.filter(Boolean).length;
}

process.on('message', async (job: RaceJob) => {
  process.send?.(await (job.kind === 'reserve' ? reserveAll(job) : createAll(job)));
});
process.on('disconnect', () => end(ledger));
process.send?.('ready');

async function end(opened: Ledger): Promise<void> {
  await opened.close();
  process.exit(0);
}
