import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Call, USERS, userOf } from './cycle.ts';
import { FIVE_LIMITS, type Store } from './store.ts';

/** The SQLite ledger, compared with a plain update of one row in a file with the same settings. */
export const sqliteStore: Store = {
  name: 'sqlite',
  inFlight: [32],
  variants: FIVE_LIMITS,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    let places = 0;
    return {
      newPlace: async () => join(folder, `${++places}.db`),
      cpuUs: () => undefined,
      bytesIn: async (place) => statSync(place).size,
      async [Symbol.asyncDispose]() {
        process.off('exit', remove);
        remove();
      },
    };
  },
  ledgerIn: async (file, { sqliteLedger }) => sqliteLedger({ file }),
  peers: { plain: async (file) => plainUpdates(new DatabaseSync(file)) },
};

/** The cost of one limit per call without any other guarantee, each in its own commit. */
function plainUpdates(database: DatabaseSync): Call {
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE plain (id INTEGER PRIMARY KEY, n INTEGER);
    WITH RECURSIVE ids (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < ${USERS - 1})
    INSERT INTO plain SELECT id, 0 FROM ids`);
  const update = database.prepare('UPDATE plain SET n = n + 1 WHERE id = ?');
  return async (index) => update.run(userOf(index));
}
