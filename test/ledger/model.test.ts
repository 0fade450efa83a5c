import fc from 'fast-check';
import { describe, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { START_MS, settableClock } from '../../src/testing/ledger-conformance/case.ts';
import { byHandle, inProcessLedger } from './by-handle.ts';
import { workspaceLedger } from './counting/workspace-ledger.ts';
import { assertSameLife, type Step, step, type Verbs } from './ledger-commands.ts';
import { ReferenceLedger } from './reference-ledger.ts';

type Factory = (options: { clock: { nowMs(): number } }) => Verbs | Promise<Verbs>;

const RUNS = 200;
/** A run only computes: 10 ms alone, many times that on a busy machine. */
const TEST_MS_MAX = 20_000 + RUNS * 100;

/** All ledgers are compared with the same reference. */
const ledgers: Readonly<Record<string, Factory>> = {
  memory: memoryLedger,
  'memory by handle': (options) => byHandle(inProcessLedger(options)),
  workspace: workspaceLedger,
  sqlite: ({ clock }) => sqliteLedger({ file: ':memory:', clock }),
};

describe.each(Object.entries(ledgers))('The %s ledger', (_name, factory) => {
  it('A ledger answers every random sequence of calls exactly like the reference', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const life = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(life, async (steps: Step[]) => {
        const clock = settableClock(START_MS);
        const ledger = await factory({ clock });
        await assertSameLife(steps, clock, ledger, new ReferenceLedger(clock));
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  });
});
