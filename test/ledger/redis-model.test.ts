import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { START_MS, settableClock } from '../../src/testing/ledger-conformance/case.ts';
import { assertSameLife, type Step, step } from './ledger-commands.ts';
import { ReferenceLedger } from './reference-ledger.ts';
import { freshLedger, libraries } from './servers/redis-clients.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

describe.skipIf(server === undefined)('redis ledger', async () => {
  const connected = await libraries['ioredis 6']?.(server?.port ?? 0);
  if (connected === undefined) throw new Error('There is no such client.');
  afterAll(connected.end);

  it('A01 A21 F34 F35 F44 answers every random life exactly as the reference does', {
    timeout: 60_000,
  }, async () => {
    const life = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(life, async (steps: Step[]) => {
        const clock = settableClock(START_MS);
        const ledger = freshLedger(connected.client, { clock });
        await assertSameLife(steps, clock, ledger, new ReferenceLedger(clock));
        await ledger.close();
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 100) },
    );
  });
});
