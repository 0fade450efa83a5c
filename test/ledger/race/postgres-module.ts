import { postgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts';
import { becomeReady, connect, type Library } from '../servers/postgres-ledgers.ts';
import type { OpenLedger } from './race.ts';

/** The process ends with its connections. */
export const openLedger: OpenLedger = async (url = '', schema = '', library = 'pg') => {
  const { client } = connect(library as Library, url);
  const ledger = postgresLedger(client, { schema, deadlineMs: 60_000 });
  await becomeReady(ledger);
  return ledger;
};
