import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';

type Settings = Omit<Parameters<typeof sqliteLedger>[0], 'file'>;

/** A separate file for one test. Ledgers that were opened on it are closed with it. */
export function sqliteFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  const file = join(folder, 'guard.db');
  const opened: ReturnType<typeof sqliteLedger>[] = [];
  return {
    folder,
    file,
    open(settings: Settings = {}) {
      const ledger = sqliteLedger({ file, ...settings });
      opened.push(ledger);
      return ledger;
    },
    async [Symbol.asyncDispose]() {
      for (const ledger of opened) await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}
