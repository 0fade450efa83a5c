import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { START_MS, settableClock } from '../../src/testing/ledger-conformance/case.ts';
import { assertSameLife, assertSameTurns, type Step, step, type Verbs } from './ledger-commands.ts';
import { ReferenceLedger } from './reference-ledger.ts';
import { freshLedger, libraries } from './servers/redis-clients.ts';
import { redisBinary, startRedis } from './servers/redis-server.ts';

const binary = redisBinary();
const server = binary === undefined ? undefined : await startRedis(binary);
afterAll(() => server?.close());

/** Set `MODEL_RUNS` for a longer test. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 100);
/** A run has up to 160 round trips, each of which takes milliseconds on a busy machine. */
const TEST_MS_MAX = 20_000 + RUNS * 1_000;
/** A verb may wait for a busy machine. Nothing here is about deadlines. */
const DEADLINE_MS = 20_000;

describe.skipIf(server === undefined)('Redis ledger', async () => {
  const connected = await libraries['ioredis 6']?.(server?.port ?? 0);
  if (connected === undefined) throw new Error('There is no such client.');
  afterAll(connected.end);

  it('A ledger on Redis answers every random sequence of calls exactly like the reference', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const life = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(life, async (steps: Step[]) => {
        const clock = settableClock(START_MS);
        const ledger = freshLedger(connected.client, { clock, deadlineMs: DEADLINE_MS });
        await assertSameLife(steps, clock, ledger, new ReferenceLedger(clock));
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  });

  it('A ledger on Redis answers the verbs of one turn like the reference answers them one by one', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const turn = fc.array(step, { minLength: 1, maxLength: 16, size: 'max' });
    const turns = fc.array(turn, { minLength: 1, maxLength: 10, size: 'max' });
    await fc.assert(
      fc.asyncProperty(turns, async (all: Step[][]) => {
        const clock = settableClock(START_MS);
        const ledger = freshLedger(connected.client, { clock, deadlineMs: DEADLINE_MS });
        await assertSameTurns(all, clock, ledger, new ReferenceLedger(clock));
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  });

  it('Two ledgers on one Redis answer random sequences of calls like one reference', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const life = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(life, async (steps: Step[]) => {
        const clock = settableClock(START_MS);
        const namespace = `two-${randomUUID()}`;
        const one = redisLedger(connected.client, { namespace, clock, deadlineMs: DEADLINE_MS });
        const other = redisLedger(connected.client, { namespace, clock, deadlineMs: DEADLINE_MS });
        await assertSameLife(steps, clock, alternating(one, other), new ReferenceLedger(clock));
        await Promise.all([one.close(), other.close()]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Calls two ledgers alternately. */
function alternating(one: Verbs, other: Verbs): Verbs {
  let verbs = 0;
  const next = () => (verbs++ % 2 === 0 ? one : other);
  return {
    reserve: (...call) => next().reserve(...call),
    settle: (...call) => next().settle(...call),
    release: (...call) => next().release(...call),
    renew: (...call) => next().renew(...call),
    read: (...call) => next().read(...call),
    credit: (...call) => next().credit(...call),
    close: () => next().close(),
  };
}
