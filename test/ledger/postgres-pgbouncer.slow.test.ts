import { afterAll, describe, expect, it } from 'vitest';
import { driverFor } from '../../src/ledger/postgres/client.ts';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import {
  claim,
  concurrent,
  DISPATCHED,
  daily,
  START_MS,
  settableClock,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { SERVER_CONNECTIONS, startPgBouncer } from './servers/pgbouncer.ts';
import {
  connect,
  emptyLedgers,
  freshLedger,
  freshSchema,
  type Library,
} from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
const bouncer = server && (await startPgBouncer(server.url));
const url = bouncer?.url ?? '';
afterAll(async () => {
  await bouncer?.close();
  await server?.close();
});

const libraries: readonly Library[] = ['pg', 'postgres'];
const ROOM = 100;

describe.skipIf(bouncer === undefined).each(libraries)(
  'Postgres behind PgBouncer in transaction mode (%s)',
  (library) => {
    const connected = connect(library, url);
    afterAll(() => connected.end());
    const emptyLedger = emptyLedgers(connected);

    ledgerConformance({ describe, it }, async ({ clock }) => ({
      ledger: await emptyLedger({ clock }),
    }));

    it('PgBouncer runs the statements of one client on several server connections', async () => {
      const driver = driverFor(connected.client);
      const ask = () =>
        driver.query('SELECT pg_backend_pid() AS pid FROM pg_sleep(0.01)', [], 5_000);
      const rows = (await Promise.all(Array.from({ length: 40 }, ask))).flat();
      const backends = new Set(rows.map(({ pid }) => pid));
      expect(backends.size).toBeGreaterThan(1);
      expect(backends.size).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    });

    it('A storm from two ledgers on a few connections gets exactly what is left', async () => {
      const schema = freshSchema();
      const options = { schema, deadlineMs: 20_000, clock: settableClock(START_MS) };
      const ledger = await freshLedger(connected.client, options);
      const ledgers = [ledger, postgresLedger(connected.client, options)];
      const claims = [claim(daily(ROOM), 'global'), claim(concurrent(1e6), 'user:ada')];
      const call = async (index: number): Promise<boolean> => {
        const id = `call-${index}`;
        const by = ledgers[index % 2] ?? ledger;
        const { granted } = await by.reserve(id, claims, tokens(1), DISPATCHED);
        if (granted) await by.settle(id, tokens(1));
        return granted;
      };
      const answers = await Promise.all(Array.from({ length: 600 }, (_, index) => call(index)));
      expect(answers.filter((granted) => granted)).toHaveLength(ROOM);
      const balances = await ledger.read(claims);
      expect(balances.map(({ used, held }) => [used, held])).toEqual([
        [ROOM, 0],
        [0, 0],
      ]);
    });
  },
);
