import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Claim, Ledger } from '../../src/ledger/ledger.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import type { MemoryLedgerOptions } from '../../src/ledger/memory/memory-options.ts';
import {
  amounts,
  assertCounts,
  balanceOf,
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  denied,
  granted,
  HOUR_MS,
  LEASE,
  rate,
  rolling,
  START_MS,
  settableClock,
  tokens,
  use,
} from '../../src/testing/ledger-conformance/case.ts';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';

const start = (options: MemoryLedgerOptions = {}) => {
  const clock = settableClock(START_MS);
  return { clock, ledger: memoryLedger({ clock, ...options }) };
};
const ownLimits = (user: string): Claim[] => {
  const subject = `user:${user}`;
  return [claim(daily(10), subject), claim(rolling(10), subject), claim(rate(10, 10), subject)];
};

/** Uses one token as each of `count` unknown users. Returns how many were served. */
async function flood(ledger: Ledger, count: number, prefix: string): Promise<number> {
  let served = 0;
  for (let index = 0; index < count; index += 1) {
    const id = `${prefix}-${index}`;
    const decision = await ledger.reserve(id, ownLimits(id), tokens(1), DISPATCHED);
    if (!decision.granted) continue;
    served += 1;
    await ledger.settle(id, tokens(1));
  }
  return served;
}

describe('Memory ledger', () => {
  ledgerConformance({ describe, it }, async ({ clock }) => ({ ledger: memoryLedger({ clock }) }));
});

describe('A flood of new user ids', () => {
  const MAX = 20_000;

  it('A flood of new ids does not grow the heap without bound', { timeout: 60_000 }, async () => {
    const { ledger } = start({ maxAccounts: MAX });
    await flood(ledger, 2 * MAX, 'first');
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await flood(ledger, 200_000, 'second');
    globalThis.gc?.();
    const grownBytes = process.memoryUsage().heapUsed - before;
    expect(typeof globalThis.gc).toBe('function');
    // Finished ids are remembered up to their own bound. Nothing else may have been added.
    expect(grownBytes).toBeLessThan(20_000_000);
    await ledger.close();
  });

  it('A flood of new ids does not reset a known user', async () => {
    const { ledger } = start({ maxAccounts: 1_000 });
    for (const [index, of] of ownLimits('ada').entries()) await use(ledger, `ada-${index}`, of, 9);
    await flood(ledger, 10_000, 'stranger');
    for (const of of ownLimits('ada')) expect((await balanceOf(ledger, of)).remaining).toBe(1);
  });

  it('A flood of new ids neither locks out a known user nor refuses all new ones', async () => {
    const { ledger } = start({ maxAccounts: 1_000 });
    await use(ledger, 'ada', claim(daily(10), 'user:ada'), 1);
    const served = await flood(ledger, 5_000, 'stranger');
    // 999 users have their own quota, and all others share one quota of 10.
    expect(served).toBe(999 + 10);
    await granted(ledger.reserve('ada again', [claim(daily(10), 'user:ada')], tokens(9), LEASE));
  });

  it('A flood of new ids does not evict the counter of the user behind it', async () => {
    const { ledger } = start({ maxAccounts: 1_000 });
    const own = claim(daily(10), 'user:mallory');
    await use(ledger, 'spent', own, 10);
    await flood(ledger, 20_000, 'stranger');
    await denied(ledger.reserve('once more', [own], tokens(1), LEASE));
  });

  it('A credit for users who share the overflow quota throws and gives nothing', async () => {
    const { ledger } = start({ maxAccounts: 10 });
    await flood(ledger, 30, 'stranger');
    const late = [claim(daily(10), 'user:late')];
    await expect(ledger.credit('gift', late, tokens(5))).rejects.toThrow(LedgerError);
    const all = amounts({ tokens: Number.POSITIVE_INFINITY });
    await ledger.credit('forgive', late, all);
    await denied(ledger.reserve('late', late, tokens(1), LEASE));
  });

  it('Holds on the shared overflow quota are settled and released there', async () => {
    const { ledger } = start({ maxAccounts: 10 });
    await flood(ledger, 10, 'stranger');
    const of = claim(daily(10), 'user:late');
    await granted(ledger.reserve('late', [of], tokens(8), LEASE));
    await denied(ledger.reserve('later', [claim(daily(10), 'user:later')], tokens(3), LEASE));
    await ledger.settle('late', tokens(2));
    await assertCounts(ledger, claim(daily(10), 'user:other'), { used: 2, held: 0 });
  });

  it('Room for new users returns when the windows have passed, and live holds stay', async () => {
    const { ledger, clock } = start({ maxAccounts: 100 });
    await flood(ledger, 99, 'yesterday');
    const long = { durationMs: 10 * DAY_MS, dispatched: true };
    await granted(ledger.reserve('long', [claim(daily(10), 'user:ada')], tokens(6), long));
    clock.set(START_MS + 2 * DAY_MS);
    const served = await flood(ledger, 90, 'today');
    expect(served).toBe(90);
    await assertCounts(ledger, claim(daily(10), 'user:ada'), { used: 0, held: 6 });
  });

  it('New users get their own quota again after others had to share one', async () => {
    const { ledger, clock } = start({ maxAccounts: 100 });
    await flood(ledger, 200, 'yesterday');
    clock.set(START_MS + 2 * DAY_MS);
    expect(await flood(ledger, 90, 'today')).toBe(90);
  });
});

describe('The bounds of a memory ledger', () => {
  it('A memory ledger starts no timer', async () => {
    vi.useFakeTimers();
    try {
      const { ledger } = start();
      await flood(ledger, 100, 'user');
      await ledger.records.put('key', '1', { expiresAtMs: START_MS + DAY_MS });
      await granted(ledger.reserve('open', ownLimits('ada'), tokens(1), LEASE));
      expect(vi.getTimerCount()).toBe(0);
      await ledger.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('A memory ledger forgets the oldest finished ids beyond its bound, and ending one of them changes nothing', async () => {
    const { ledger } = start({ maxTombstones: 100, maxLeases: 20 });
    const of = claim(daily(1_000_000));
    const last = 500;
    for (let index = 0; index <= last; index += 1) await use(ledger, `call-${index}`, of, 1);
    expect(await ledger.settle(`call-${last}`, tokens(1))).toBe('replayed');
    expect(await ledger.settle('call-0', tokens(1))).toBe('unknown');
    expect(await ledger.release('call-0')).toBe('unknown');
    await assertCounts(ledger, of, { used: last + 1, held: 0 });
  });

  it('A memory ledger never forgets a live hold, however many others come and go', async () => {
    const { ledger } = start({ maxTombstones: 10, maxLeases: 10 });
    const of = claim(daily(1_000_000));
    await granted(ledger.reserve('long', [of], tokens(7), LEASE));
    for (let index = 0; index < 300; index += 1) await use(ledger, `call-${index}`, of, 1);
    await assertCounts(ledger, of, { used: 300, held: 7 });
    expect(await ledger.settle('long', tokens(5))).toBe('done');
    await assertCounts(ledger, of, { used: 305, held: 0 });
  });

  it('A memory ledger remembers finished ids for `retentionMs` and forgets them later', async () => {
    const { ledger, clock } = start({ retentionMs: HOUR_MS });
    const of = claim(daily(1_000));
    await use(ledger, 'early', of, 1);
    clock.set(START_MS + HOUR_MS - 1);
    await use(ledger, 'later', of, 1);
    expect(await ledger.settle('early', tokens(1))).toBe('replayed');
    clock.set(START_MS + 3 * HOUR_MS);
    await use(ledger, 'much later', of, 1);
    clock.set(START_MS + 5 * HOUR_MS);
    await use(ledger, 'last', of, 1);
    expect(await ledger.settle('early', tokens(1))).toBe('unknown');
  });

  it('A memory ledger throws for a hold beyond its bound instead of denying it, and recovers', async () => {
    const { ledger } = start({ maxLeases: 2 });
    const of = claim(daily(100));
    await granted(ledger.reserve('first', [of], tokens(1), LEASE));
    await granted(ledger.reserve('second', [of], tokens(1), LEASE));
    await expect(ledger.reserve('third', [of], tokens(1), LEASE)).rejects.toThrow(LedgerError);
    await assertCounts(ledger, of, { used: 0, held: 2 });
    await ledger.release('first');
    await granted(ledger.reserve('third', [of], tokens(1), LEASE));
  });

  it('A memory ledger rejects new records beyond its bound, updates existing ones and drops expired ones', async () => {
    const { ledger, clock } = start({ maxRecords: 2 });
    const { records } = ledger;
    const expiresAtMs = START_MS + HOUR_MS;
    await records.put('first', '1', { expiresAtMs });
    await records.put('second', '1');
    await expect(records.put('third', '1')).rejects.toThrow(LedgerError);
    expect(await records.put('second', '2')).toBe(true);
    clock.set(expiresAtMs);
    await records.put('third', '1').catch(() => {});
    expect(await records.put('third', '1')).toBe(true);
  });

  it('An account grows to the buckets of its window and no further', async () => {
    const { ledger, clock } = start();
    const of = claim(rolling(1_000_000, 24_000));
    for (let second = 0; second < 200; second += 1) {
      clock.set(START_MS + second * 1_000);
      await use(ledger, `call-${second}`, of, 1);
      const used = Math.min(second + 1, 25);
      await assertCounts(ledger, of, { used, held: 0 });
    }
  });

  it('An account keeps its usage when its rules change, and rejects more than 128 limits', async () => {
    const { ledger } = start();
    for (let index = 0; index < 128; index += 1) {
      await use(ledger, `call-${index}`, claim(daily(100, { key: `limit ${index}` })), index % 7);
    }
    for (let index = 0; index < 128; index += 1) {
      const of = claim(daily(100, { key: `limit ${index}` }));
      await assertCounts(ledger, of, { used: index % 7, held: 0 });
    }
    const more = claim(daily(100, { key: 'one more' }));
    await expect(ledger.reserve('more', [more], tokens(1), LEASE)).rejects.toThrow(TypeError);
  });

  it('A memory ledger survives a clock that returns no valid time', async () => {
    let now = START_MS;
    const ledger = memoryLedger({ clock: { nowMs: () => now } });
    await use(ledger, 'first', claim(rate(10, 10)), 10);
    for (now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]) {
      await denied(ledger.reserve(`at ${now}`, [claim(rate(10, 10))], tokens(1), LEASE));
    }
    now = START_MS + 6_000;
    await granted(ledger.reserve('later', [claim(rate(10, 10))], tokens(1), LEASE));
  });
});

describe('Many small costs', () => {
  const prices = fc.array(fc.double({ min: 1e-6, max: 3, noNaN: true }), { maxLength: 200 });

  it('Many small costs never add up to less than was spent, however far below one unit each is', async () => {
    await fc.assert(
      fc.asyncProperty(prices, fc.boolean(), async (exact, isRate) => {
        const { ledger } = start();
        const unit = { unit: 'nanoUsd', key: 'usd' } as const;
        const of = claim(isRate ? { ...rate(1_000, 1_000), ...unit } : daily(1_000, unit));
        for (const [index, price] of exact.entries()) {
          const cost = amounts({ nanoUsd: Math.ceil(price) });
          await granted(ledger.reserve(`${index}`, [of], cost, LEASE));
          await ledger.settle(`${index}`, cost);
        }
        const spent = exact.reduce((sum, price) => sum + price, 0);
        const { used } = await balanceOf(ledger, of);
        expect(Number.isSafeInteger(used)).toBe(true);
        expect(used).toBeGreaterThanOrEqual(Math.min(spent, 1_000));
        expect(used).toBeLessThan(spent + exact.length + 1);
      }),
    );
  });

  it('Costs of one nano-USD each fill a large and fast rate limit', async () => {
    const { ledger } = start();
    const of = claim({ ...rate(20e9, 1_000), unit: 'nanoUsd', key: 'usd/minute~rate' });
    for (let index = 0; index < 1_000; index += 1) {
      await granted(ledger.reserve(`${index}`, [of], amounts({ nanoUsd: 1 }), LEASE));
    }
    await denied(ledger.reserve('more', [of], amounts({ nanoUsd: 1 }), LEASE));
    await granted(ledger.reserve('slot', [claim(concurrent(1))], tokens(1), LEASE));
  });
});
