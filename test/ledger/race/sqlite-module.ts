import { sqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts';
import type { OpenLedger } from './race.ts';

/** Waits longer than a guard would: what a race asks for is counting, not speed. */
export const openLedger: OpenLedger = async (file) =>
  sqliteLedger({ file: String(file), busyMs: 10_000 });
