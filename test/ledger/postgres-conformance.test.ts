import { afterAll, describe, it } from 'vitest';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { connect, emptyLedgers, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
afterAll(() => server?.close());

const libraries: readonly Library[] = ['pg', 'postgres'];

describe.skipIf(server === undefined).each(libraries)('Postgres ledger on %s', (library) => {
  const connected = connect(library, server?.url ?? '');
  afterAll(() => connected.end());
  const emptyLedger = emptyLedgers(connected);

  ledgerConformance({ describe, it }, async ({ clock }) => ({
    ledger: await emptyLedger({ clock }),
  }));
});
