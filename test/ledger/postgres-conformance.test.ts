import { afterAll, describe, it, vi } from 'vitest';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { connect, emptyLedgers, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
afterAll(() => server?.close());

/** A thousand calls are made at once, so the last one waits for all others, on a busy machine for long. */
const DEADLINE_MS = 20_000;
/** A case has several such steps. */
vi.setConfig({ testTimeout: 3 * DEADLINE_MS });

const libraries: readonly Library[] = ['pg', 'postgres'];

describe.skipIf(server === undefined).each(libraries)('Postgres ledger on %s', (library) => {
  const connected = connect(library, server?.url ?? '');
  afterAll(() => connected.end());
  const emptyLedger = emptyLedgers(connected);

  ledgerConformance({ describe, it }, async ({ clock }) => ({
    ledger: await emptyLedger({ clock, deadlineMs: DEADLINE_MS }),
  }));
});
