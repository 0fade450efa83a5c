import { describe, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { ResilientLedger } from '../../src/ledger/resilient/resilient-ledger.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';

describe('A resilient ledger around a healthy store', () => {
  ledgerConformance({ describe, it }, async ({ clock }) => ({
    ledger: new ResilientLedger(memoryLedger({ clock }), { clock }),
  }));
});
