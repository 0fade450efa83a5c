/**
 * A process that stops itself after it was told to reserve, while its transaction holds the rows:
 * `URL SCHEMA LIBRARY`.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { postgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts';
import { claim, DISPATCHED, daily, tokens } from '../../../src/testing/ledger-conformance/case.ts';
import { becomeReady, connect, type Library } from './postgres-ledgers.ts';
import { watched } from './watched-client.ts';

const [url = '', schema = '', library = 'pg'] = process.argv.slice(2);
const connected = connect(library as Library, url);
let isArmed = false;
const stopBeforeWrite = (text: string) => {
  if (!isArmed || !text.includes('.write(')) return;
  isArmed = false;
  writeSync(1, 'stops');
  process.kill(process.pid, 'SIGSTOP');
};
const ledger = postgresLedger(watched(connected.client, stopBeforeWrite), {
  schema,
  deadlineMs: 60_000,
});
await becomeReady(ledger);
process.send?.('ready');
await once(process, 'message');
isArmed = true;
const claims = [claim(daily(100), 'user:ada'), claim(daily(100), 'global')];
const { granted } = await ledger.reserve('stopped', claims, tokens(1), DISPATCHED);
process.send?.(granted);
await ledger.close();
await connected.end();
process.disconnect?.();
