import assert from 'node:assert/strict';
import {
  amounts,
  assertCounts,
  balance,
  balanceOf,
  type Case,
  claim,
  DAY_MS,
  DISPATCHED,
  daily,
  denied,
  granted,
  LEASE,
  MINUTE_MS,
  START_MS,
  tokens,
  use,
} from './case.ts';

const OF = claim(balance(10));
const BOUGHT = claim(balance(0));
const FOREVER_MS = 20 * 366 * DAY_MS;

export const balanceCases: readonly Case[] = [
  {
    title: 'Reserves fill a balance exactly and no further',
    async run({ ledger }) {
      await use(ledger, 'first', OF, 7);
      const { violations } = await denied(ledger.reserve('second', [OF], tokens(4), LEASE));
      assert.deepEqual(violations, [{ claim: 0, cost: 4, hard: true, fitsAtMs: undefined }]);
      await use(ledger, 'third', OF, 3);
      await denied(ledger.reserve('fourth', [OF], tokens(1), LEASE));
      await granted(ledger.reserve('free', [OF], tokens(0), LEASE));
    },
  },
  {
    title: 'Time never frees a balance',
    movesClock: true,
    async run({ ledger, clock }) {
      await use(ledger, 'call', OF, 10);
      clock.set(START_MS + FOREVER_MS);
      const { used, remaining, resetsAtMs } = await balanceOf(ledger, OF);
      assert.deepEqual([used, remaining, resetsAtMs], [10, 0, undefined]);
      const { violations } = await denied(ledger.reserve('next', [OF], tokens(1), LEASE));
      assert.deepEqual(violations, [{ claim: 0, cost: 1, hard: true, fitsAtMs: undefined }]);
    },
  },
  {
    title: 'Time never ends what was credited to a balance',
    movesClock: true,
    async run({ ledger, clock }) {
      await ledger.credit('credit', [BOUGHT], tokens(5));
      clock.set(START_MS + FOREVER_MS);
      await use(ledger, 'call', BOUGHT, 5);
      await denied(ledger.reserve('next', [BOUGHT], tokens(1), LEASE));
    },
  },
  {
    title: 'A credit raises a balance, once per id',
    async run({ ledger }) {
      await use(ledger, 'first', OF, 10);
      assert.equal(await ledger.credit('credit', [OF], tokens(5)), 'done');
      assert.equal(await ledger.credit('credit', [OF], tokens(5)), 'replayed');
      const { used, remaining } = await balanceOf(ledger, OF);
      assert.deepEqual([used, remaining], [5, 5]);
      await use(ledger, 'second', OF, 5);
      await denied(ledger.reserve('third', [OF], tokens(1), LEASE));
    },
  },
  {
    title: 'A balance of 0 allows free calls, and what was credited',
    async run({ ledger }) {
      await granted(ledger.reserve('free', [BOUGHT], tokens(0), LEASE));
      const { violations } = await denied(ledger.reserve('first', [BOUGHT], tokens(1), LEASE));
      assert.deepEqual(violations, [{ claim: 0, cost: 1, hard: true, fitsAtMs: undefined }]);
      await ledger.credit('credit', [BOUGHT], tokens(5));
      await granted(ledger.reserve('second', [BOUGHT], tokens(5), LEASE));
      await assertCounts(ledger, BOUGHT, { used: -5, held: 5 });
      const soft = await denied(ledger.reserve('third', [BOUGHT], tokens(1), LEASE));
      assert.deepEqual(soft.violations, [{ claim: 0, cost: 1, hard: false, fitsAtMs: undefined }]);
    },
  },
  {
    title: 'A credit of Infinity forgives what a balance has used and gives nothing more',
    async run({ ledger }) {
      const all = amounts({ tokens: Number.POSITIVE_INFINITY });
      await granted(ledger.reserve('held', [OF], tokens(3), LEASE));
      await use(ledger, 'used', OF, 6);
      await ledger.credit('forgive', [OF], all);
      await assertCounts(ledger, OF, { used: 0, held: 3 });
      await ledger.credit('credit', [OF], tokens(5));
      await ledger.credit('forgive again', [OF], all);
      await assertCounts(ledger, OF, { used: -5, held: 3 });
    },
  },
  {
    title: 'A settle posts to a balance what was used, and a release gives it back',
    async run({ ledger }) {
      await granted(ledger.reserve('settled', [OF], tokens(4), LEASE));
      await granted(ledger.reserve('released', [OF], tokens(4), LEASE));
      assert.equal(await ledger.settle('settled', tokens(25)), 'done');
      assert.equal(await ledger.release('released'), 'done');
      await assertCounts(ledger, OF, { used: 25, held: 0 });
    },
  },
  {
    title: 'A balance keeps an expired hold that was dispatched, and gives another back',
    movesClock: true,
    async run({ ledger, clock }) {
      await granted(ledger.reserve('sent', [OF], tokens(4), DISPATCHED));
      await granted(ledger.reserve('unsent', [OF], tokens(5), LEASE));
      clock.set(START_MS + MINUTE_MS);
      await assertCounts(ledger, OF, { used: 4, held: 0 });
      assert.equal(await ledger.settle('sent', tokens(3)), 'done');
      assert.equal(await ledger.settle('unsent', tokens(1)), 'done');
      await assertCounts(ledger, OF, { used: 4, held: 0 });
    },
  },
  {
    title: 'A balance and a window of the same key count apart',
    async run({ ledger }) {
      const { key } = daily(10);
      await use(ledger, 'window', claim(daily(10)), 7);
      await use(ledger, 'balance', claim(balance(10, { key })), 4);
      await assertCounts(ledger, claim(daily(10)), { used: 7, held: 0 });
      await assertCounts(ledger, claim(balance(10, { key })), { used: 4, held: 0 });
    },
  },
];
