import { describe } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { raceWithin } from './race/race.ts';
import { raceSuite } from './race/race-suite.ts';

describe('A memory ledger', () => {
  raceSuite('Four callers in one process', async () => {
    const ledger = memoryLedger();
    return { ledger, race: raceWithin(ledger), [Symbol.asyncDispose]: () => ledger.close() };
  });
});
