/**
 * A process with a ledger that others use at the same time: `MODULE ARGS`, where
 * `openLedger(...ARGS)` of that module opens the ledger. It does each job that it receives and
 * sends back what it won.
 */
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { OpenLedger } from './race.ts';
import { type RaceJob, winsOf } from './race-jobs.ts';

const [module = '', ...args] = process.argv.slice(2);
const { openLedger } = (await import(module)) as { openLedger: OpenLedger };
const ledger = await openLedger(...args);

process.on('message', async (job: RaceJob) => {
  process.send?.(await winsOf(ledger, job));
});
process.on('disconnect', () => end(ledger));
process.send?.('ready');

async function end(opened: Ledger): Promise<void> {
  await opened.close();
  process.exit(0);
}
