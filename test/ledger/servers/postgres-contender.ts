/** A process that reserves as fast as it can after a message: `URL SCHEMA NAME CALLS LIBRARY`. */
import { once } from 'node:events';
import { postgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts';
import { claim, concurrent, daily, tokens } from '../../../src/testing/ledger-conformance/case.ts';
import { becomeReady, connect, type Library } from './postgres-ledgers.ts';

const [url = '', schema = '', name = '', calls = '0', library = 'pg'] = process.argv.slice(2);
const connected = connect(library as Library, url);
const ledger = postgresLedger(connected.client, { schema, deadlineMs: 60_000 });
await becomeReady(ledger);
const nowMs = Date.now();
const windows = [
  { startMs: nowMs - 3_600_000, endMs: nowMs + 3_600_000 },
  { startMs: nowMs + 3_600_000, endMs: nowMs + 7_200_000 },
] as const;
const claims = [
  claim(daily(1_000_000, { windows }), `user:${name}`),
  claim(concurrent(1_000_000), 'user:shared'),
  claim(daily(100, { windows }), 'global'),
];

process.send?.('ready');
await once(process, 'message');
const answers = await Promise.all(
  Array.from({ length: Number(calls) }, (_, index) =>
    ledger.reserve(`${name}-${index}`, claims, tokens(1), { durationMs: 60_000, dispatched: true }),
  ),
);
process.send?.(answers.filter(({ granted }) => granted).length);
await ledger.close();
await connected.end();
process.disconnect?.();
