import { describe, expect, it } from 'vitest';
import { amounts } from '../../../src/ledger/amounts.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import { bindingLimits } from '../../../src/upstream/capacity/capacity-limits.ts';
import { burstFor, ClaimLists, roundedUp } from '../../../src/upstream/capacity/claim-lists.ts';
import { randomBy } from './traffic.ts';
import { TestClock } from './world.ts';

const LEASE = { durationMs: 1_000, dispatched: true };

function limitOf(tpm: number) {
  const [limit] = bindingLimits({ tpm }, {});
  if (limit === undefined) throw new Error('there is no limit');
  return limit;
}

describe('The burst of a claim', () => {
  it.each([
    ['a small call', 200_000, 500, 180_500],
    ['a large one', 200_000, 50_000, 198_000],
    ['one as large as what is kept back', 200_000, 18_000, 198_000],
    ['one that is nearly the limit', 30_000, 29_900, 29_900],
    ['one that is the limit', 30_000, 30_000, 30_000],
    ['one above the limit, which never fits', 30_000, 30_601, 30_000],
    ['a limit of one', 1, 1, 1],
    ['a limit of three', 3, 1, 2],
  ])('is the threshold and the cost: %s', (_case, limit, cost, burst) => {
    expect(burstFor(limitOf(limit), cost)).toBe(burst);
  });

  it('never lets more than 99 % be taken by calls that may wait for less', () => {
    const random = randomBy(7);
    for (let run = 0; run < 10_000; run += 1) {
      const limit = Math.ceil(10 ** (1 + 6 * random()));
      const cost = Math.ceil(0.99 * limit * random());
      expect(burstFor(limitOf(limit), roundedUp(cost))).toBeLessThanOrEqual(
        Math.max(0.99 * limit, roundedUp(cost)),
      );
    }
  });

  it('makes what is owed decide, so that a large call waits no longer than a small one', async () => {
    const clock = new TestClock();
    const ledger = memoryLedger({ clock });
    const lists = new ClaimLists('upstream:main:gpt', bindingLimits({ rpm: 500, tpm: 1_000 }, {}));
    const reserve = (id: string, tokens: number) =>
      ledger.reserve(
        id,
        lists.for(1, tokens),
        amounts({ requests: 1, upstreamTokens: tokens }),
        LEASE,
      );
    const first = await reserve('first', 950);
    expect(first.granted).toBe(true);
    const denied = await Promise.all([reserve('small', 10), reserve('large', 80)]);
    const fitsAtMs = denied.map((each) => (each.granted ? 0 : each.violations[0]?.fitsAtMs));
    expect(fitsAtMs).toEqual([clock.nowMs() + 3_000, clock.nowMs() + 3_000]);
    await clock.pass(3_000);
    expect((await reserve('large', 80)).granted).toBe(true);
    await ledger.close();
  });
});

describe('A cost', () => {
  it('is rounded up by less than 0.8 %', () => {
    const costs = Array.from({ length: 100_000 }, (_, place) => place + 1);
    const isRight = (cost: number) => roundedUp(cost) >= cost && roundedUp(cost) < cost * 1.008;
    expect(costs.filter((cost) => !isRight(cost))).toEqual([]);
  });

  it('is exact up to 256, and above what a 32-bit number holds', () => {
    for (const cost of [0, 1, 255, 256, 2 ** 31, 2 ** 40 + 1]) expect(roundedUp(cost)).toBe(cost);
  });
});

describe('The claims of an upstream', () => {
  it('are the same objects for calls of about the same size', () => {
    const lists = new ClaimLists(
      'upstream:main:gpt',
      bindingLimits({ rpm: 500, tpm: 200_000 }, {}),
    );
    expect(lists.for(1, 4_001)).toBe(lists.for(1, 4_000 + 15));
    expect(lists.for(1, 4_001)).not.toBe(lists.for(2, 4_001));
    expect(lists.for(1, 4_001)[0]).toBe(lists.for(1, 9_000)[0]);
    expect(lists.for(1, 4_001)[1]).toBe(lists.for(2, 4_001)[1]);
  });

  it('do not depend on the tokens where no limit counts them', () => {
    const lists = new ClaimLists('upstream:main:gpt', bindingLimits({ rpm: 500 }, {}));
    expect(lists.for(1, 100)).toBe(lists.for(1, 100_000));
  });

  it('are right also after more sizes than are kept', () => {
    const lists = new ClaimLists('upstream:main:gpt', bindingLimits({ tpm: 10 ** 9 }, {}));
    const sizes = Array.from(
      { length: 10_000 },
      (_, size) => [1 + (size >> 8), size & 255] as const,
    );
    const isRight = ([calls, tokens]: (typeof sizes)[number]) => {
      const rule = lists.for(calls, tokens)[0]?.rule;
      return rule?.kind === 'rate' && rule.burst === 900_000_000 + tokens;
    };
    expect(sizes.filter((size) => !isRight(size))).toEqual([]);
  });
});
