import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';

describe('SQLite ledger', () => {
  ledgerConformance({ describe, it }, async ({ clock }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    const ledger = sqliteLedger({ file: join(folder, 'ledger.db'), clock });
    return { ledger, cleanUp: async () => rmSync(folder, { recursive: true }) };
  });
});
