import assert from 'node:assert/strict';
import type { Amounts } from '../../ledger/amounts.ts';
import {
  amounts,
  assertAllCount,
  balance,
  buyCredits,
  type Case,
  CREDITS,
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  denied,
  GLOBAL,
  granted,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  spilling,
  tokens,
} from './case.ts';

/** A limit of 10 a day, then credits. */
const CLAIMS = [spilling(daily(10)), CREDITS];

const HOLD_ENDS: readonly (readonly [string, number, [number, number], [number, number]])[] = [
  ['less than the limit holds', 6, [6, 0], [-20, 0]],
  ['all that the limit holds', 10, [10, 0], [-20, 0]],
  ['some of the credits', 12, [10, 0], [-18, 0]],
  ['all that is held', 15, [10, 0], [-15, 0]],
  ['more than is held', 40, [10, 0], [10, 0]],
];

export const creditCases: readonly Case[] = [
  ...[daily(10), rolling(10)].map(
    (rule): Case => ({
      title: `What does not fit in a ${rule.kind} limit that spills is held of the credits`,
      async run({ ledger }) {
        const claims = [spilling(rule), CREDITS];
        await buyCredits(ledger, 20);
        const { balances } = await granted(ledger.reserve('call', claims, tokens(15), LEASE));
        assert.deepEqual(balances, await ledger.read(claims));
        await assertAllCount(ledger, claims, [
          [0, 10],
          [-20, 5],
        ]);
      },
    }),
  ),
  {
    title:
      'Credits take nothing of a call that fits in the limit, also if it uses more than it held',
    async run({ ledger }) {
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', CLAIMS, tokens(5), LEASE));
      await assertAllCount(ledger, CLAIMS, [
        [0, 5],
        [-20, 0],
      ]);
      assert.equal(await ledger.settle('call', tokens(12)), 'done');
      await assertAllCount(ledger, CLAIMS, [
        [12, 0],
        [-20, 0],
      ]);
    },
  },
  ...HOLD_ENDS.map(
    ([title, used, ofLimit, ofCredits]): Case => ({
      title: `A call that uses ${title} is posted to the limit first and then to the credits`,
      async run({ ledger }) {
        await buyCredits(ledger, 20);
        await granted(ledger.reserve('call', CLAIMS, tokens(15), LEASE));
        assert.equal(await ledger.settle('call', tokens(used)), 'done');
        assert.equal(await ledger.settle('call', tokens(used)), 'replayed');
        await assertAllCount(ledger, CLAIMS, [ofLimit, ofCredits]);
      },
    }),
  ),
  {
    title: 'A release gives back what the limit and the credits hold',
    async run({ ledger }) {
      await buyCredits(ledger, 20);
      const claims = [...CLAIMS, claim(rate(100, 100))];
      for (const keepsRates of [false, true]) {
        await granted(ledger.reserve(`${keepsRates}`, claims, tokens(15), LEASE));
        assert.equal(await ledger.release(`${keepsRates}`, { keepsRates }), 'done');
        await assertAllCount(ledger, CLAIMS, [
          [0, 0],
          [-20, 0],
        ]);
      }
    },
  },
  {
    title:
      'A dispatched hold on a limit and credits stays charged to both after its lease, and is corrected once',
    movesClock: true,
    async run({ ledger, clock }) {
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', CLAIMS, tokens(15), DISPATCHED));
      clock.set(START_MS + MINUTE_MS);
      await assertAllCount(ledger, CLAIMS, [
        [10, 0],
        [-15, 0],
      ]);
      assert.equal(await ledger.settle('call', tokens(12)), 'done');
      await assertAllCount(ledger, CLAIMS, [
        [10, 0],
        [-18, 0],
      ]);
    },
  },
  {
    title:
      'A hold on a limit and credits that was not dispatched is given back, and can still settle',
    movesClock: true,
    async run({ ledger, clock }) {
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', CLAIMS, tokens(15), LEASE));
      clock.set(START_MS + MINUTE_MS);
      await assertAllCount(ledger, CLAIMS, [
        [0, 0],
        [-20, 0],
      ]);
      assert.equal(await ledger.settle('call', tokens(12)), 'done');
      await assertAllCount(ledger, CLAIMS, [
        [10, 0],
        [-18, 0],
      ]);
    },
  },
  {
    title: 'A settle after the window posts to the credits what the limit did not hold',
    movesClock: true,
    async run({ ledger, clock }) {
      await buyCredits(ledger, 20);
      await granted(
        ledger.reserve('call', CLAIMS, tokens(15), { ...DISPATCHED, durationMs: 2 * DAY_MS }),
      );
      clock.set(START_MS + DAY_MS);
      assert.equal(await ledger.settle('call', tokens(12)), 'done');
      await assertAllCount(ledger, CLAIMS, [
        [0, 0],
        [-18, 0],
      ]);
    },
  },
  {
    title: 'All limits that spill hold the same: what the fullest of them has room for',
    async run({ ledger }) {
      const claims = [spilling(daily(10)), spilling(rolling(6)), CREDITS];
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', claims, tokens(9), LEASE));
      await assertAllCount(ledger, claims, [
        [0, 6],
        [0, 6],
        [-20, 3],
      ]);
      await ledger.settle('call', tokens(8));
      await assertAllCount(ledger, claims, [
        [6, 0],
        [6, 0],
        [-18, 0],
      ]);
    },
  },
  {
    title: 'Each unit has credits of its own',
    async run({ ledger }) {
      const unit = 'requests';
      const claims = [
        ...CLAIMS,
        spilling(daily(1, { key: 'requests/day', unit })),
        claim(balance(0, { key: 'requests/credits', unit, isCredit: true })),
      ];
      const costs: Amounts = amounts({ requests: 3, tokens: 14 });
      await ledger.credit('buy', claims.slice(3), amounts({ requests: 5 }));
      await denied(ledger.reserve('no tokens', claims, costs, LEASE));
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', claims, costs, LEASE));
      await assertAllCount(ledger, claims, [
        [0, 10],
        [-20, 4],
        [0, 1],
        [-5, 2],
      ]);
      await ledger.settle('call', amounts({ requests: 2, tokens: 14 }));
      await assertAllCount(ledger, claims, [
        [10, 0],
        [-16, 0],
        [1, 0],
        [-4, 0],
      ]);
    },
  },
  {
    title: 'A limit without a place for credits counts the whole cost beside one that spills',
    async run({ ledger }) {
      const claims = [
        ...CLAIMS,
        claim(daily(100), GLOBAL),
        claim(concurrent(1)),
        claim(rate(50, 50)),
      ];
      await buyCredits(ledger, 20);
      await granted(ledger.reserve('call', claims, tokens(15), LEASE));
      await assertAllCount(ledger, claims, [
        [0, 10],
        [-20, 5],
        [0, 15],
        [0, 1],
        [15, 0],
      ]);
      await ledger.settle('call', { ...tokens(12), concurrent: 0 });
      await assertAllCount(ledger, claims, [
        [10, 0],
        [-18, 0],
        [12, 0],
        [0, 0],
        [12, 0],
      ]);
    },
  },
  {
    title: 'A repeated reserve takes no more credits',
    async run({ ledger }) {
      await buyCredits(ledger, 20);
      const first = await granted(ledger.reserve('call', CLAIMS, tokens(15), LEASE));
      const second = await granted(ledger.reserve('call', CLAIMS, tokens(15), LEASE));
      assert.deepEqual(second, first);
    },
  },
];
