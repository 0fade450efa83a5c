import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { type Claim, LedgerError, memoryLedger } from '../../../src/index.ts';
import { amounts } from '../../../src/ledger/amounts.ts';
import { ResilientLedger } from '../../../src/ledger/resilient/resilient-ledger.ts';
import { faultyStore, type StoreFault } from './faulty-store.ts';

const LEASE = { durationMs: 30 * 60_000, dispatched: true };
const ROOM = 1_000_000;
const quota = (onFailure: 'deny' | 'allow' | 'local'): Claim => ({
  account: 'user:ada',
  scope: 'own',
  rule: {
    kind: 'rolling',
    key: 'q',
    unit: 'tokens',
    amount: ROOM,
    windowMs: 86_400_000,
    onFailure,
  },
});
const concurrent: Claim = {
  account: 'user:ada',
  scope: 'own',
  rule: { kind: 'concurrent', key: 'c', unit: 'concurrent', amount: 100, onFailure: 'allow' },
};

const amountsOf = (tokens: number) =>
  amounts({ requests: 1, concurrent: 1, outputTokens: tokens, tokens });

const steps = fc.record({
  fault: fc.constantFrom<StoreFault | undefined>(
    undefined,
    undefined,
    'refused',
    'silent',
    'reset',
    'lost',
    'late',
  ),
  mode: fc.constantFrom('deny' as const, 'allow' as const, 'local' as const),
  held: fc.integer({ min: 1, max: 50 }),
  used: fc.integer({ min: 0, max: 99 }),
  ends: fc.constantFrom('settle' as const, 'release' as const),
  faultAtEnd: fc.boolean(),
  waitMs: fc.integer({ min: 0, max: 3_000 }),
  arrives: fc.boolean(),
});
type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Runs the calls one by one through a store that fails in between. Returns what they actually used.
 */
async function live(store: ReturnType<typeof faultyStore>, ledger: ResilientLedger, plan: Step[]) {
  const decided = async <T>(pending: Promise<T>): Promise<T | undefined> => {
    const outcome = pending.catch((error: unknown) => {
      expect(error).toBeInstanceOf(LedgerError);
      return undefined;
    });
    await vi.advanceTimersByTimeAsync(250);
    return outcome;
  };
  let truth = 0;
  for (const [index, step] of plan.entries()) {
    const id = `call-${index}`;
    store.fault = step.fault;
    const claims = [quota(step.mode), concurrent];
    const decision = await decided(ledger.reserve(id, claims, amountsOf(step.held), LEASE));
    if (!step.faultAtEnd) store.fault = undefined;
    if (decision?.granted) {
      const settles = step.ends === 'settle';
      if (settles) truth += step.used;
      const ended = settles ? ledger.settle(id, amountsOf(step.used)) : ledger.release(id);
      expect(await decided(ended)).toMatch(/^(done|queued)$/);
    }
    if (step.arrives) store.arrive();
    await vi.advanceTimersByTimeAsync(step.waitMs);
  }
  return truth;
}

it('Every call is charged once and nothing stays held, whatever fails and when', async () => {
  vi.useFakeTimers();
  const property = fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (plan) => {
    const store = faultyStore(memoryLedger());
    const dropped: unknown[] = [];
    const ledger = new ResilientLedger(store, { onError: (error) => dropped.push(error) });
    const truth = await live(store, ledger, plan);
    store.fault = undefined;
    store.arrive();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ledger.unwritten).toBe(0);
    expect(await store.behind.read([quota('deny'), concurrent])).toMatchObject([
      { used: truth, held: 0 },
      { used: 0, held: 0 },
    ]);
    expect(dropped.filter((error) => String(error).includes('estimate'))).toEqual([]);
    await ledger.close();
  });
  try {
    await fc.assert(property, { numRuns: 300 });
  } finally {
    vi.useRealTimers();
  }
});
