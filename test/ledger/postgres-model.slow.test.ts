import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { START_MS, settableClock } from '../../src/testing/ledger-conformance/case.ts';
import { assertSameLife, type Step, step } from './ledger-commands.ts';
import { ReferenceLedger } from './reference-ledger.ts';
import { connect, emptyLedgers } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
afterAll(() => server?.close());

/** Set `MODEL_RUNS` for a longer test. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 80);

/** A run has up to 120 round trips, each of which takes milliseconds on a busy machine. */
const TEST_MS_MAX = 20_000 + RUNS * 1_000;

describe.skipIf(server === undefined)('Postgres ledger', () => {
  const connected = connect('pg', server?.url ?? '', 2);
  afterAll(() => connected.end());
  const emptyLedger = emptyLedgers(connected);

  it('A ledger on Postgres answers every random sequence of calls exactly like the reference', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const life = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(life, async (steps: Step[]) => {
        const clock = settableClock(START_MS);
        const ledger = await emptyLedger({ clock, deadlineMs: 20_000 });
        await assertSameLife(steps, clock, ledger, new ReferenceLedger(clock));
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  });
});
