import { sqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import type { OpenLedger } from './race.ts';

/** Waits longer than a guard would: a race tests counting, not speed. */
export const openLedger: OpenLedger = async (file) =>
  sqliteLedger({ file: String(file), busyMs: 10_000 });
