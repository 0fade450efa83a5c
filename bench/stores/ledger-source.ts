import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { parseLimits } from '../../src/plans/parse-limits.ts';

const current = { memoryLedger, postgresLedger, redisLedger, sqliteLedger, parseLimits };

/** The ledgers of one commit, with the limits of the same commit. */
export type LedgerSource = typeof current;

/** Their files in the baseline. A rule of one commit is never passed to a ledger of another. */
const BASELINE_FILES = [
  'src/ledger/memory-ledger.ts',
  'src/ledger/postgres-ledger.ts',
  'src/ledger/redis-ledger.ts',
  'src/ledger/sqlite-ledger.ts',
  'src/plans/parse-limits.ts',
];

/** Loads the ledgers from a folder of `extractBaseline`, or by default from this checkout. */
export async function loadLedgers(folder: string | undefined): Promise<LedgerSource> {
  if (folder === undefined) return current;
  const urls = BASELINE_FILES.map((file) => pathToFileURL(join(folder, file)).href);
  const modules = await Promise.all(urls.map((url) => import(url)));
  return Object.assign({}, ...modules) as LedgerSource;
}
