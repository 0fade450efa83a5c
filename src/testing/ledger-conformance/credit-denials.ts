import assert from 'node:assert/strict';
import {
  assertAllCount,
  buyCredits,
  type Case,
  CREDITS,
  claim,
  DAY_MS,
  daily,
  denied,
  granted,
  HOUR_MS,
  LEASE,
  rolling,
  START_MS,
  spilling,
  tokens,
  use,
} from './case.ts';

/** A limit of 10 a day, then credits. */
const CLAIMS = [spilling(daily(10)), CREDITS];

export const creditDenialCases: readonly Case[] = [
  {
    title:
      'A call that the limit and the credits cannot pay together changes nothing and names the limit',
    async run({ ledger }) {
      await buyCredits(ledger, 3);
      await use(ledger, 'used', spilling(daily(10)), 4);
      const before = await ledger.read(CLAIMS);
      const answer = await denied(ledger.reserve('call', CLAIMS, tokens(10), LEASE));
      assert.deepEqual(answer.violations, [
        { claim: 0, cost: 10, hard: true, fitsAtMs: START_MS + DAY_MS },
      ]);
      assert.deepEqual(answer.balances, before);
      assert.deepEqual(await ledger.read(CLAIMS), before);
      await granted(ledger.reserve('smaller', CLAIMS, tokens(9), LEASE));
    },
  },
  {
    title:
      'A denial names only the limits that spill in which the call does not fit with the credits',
    async run({ ledger }) {
      const claims = [
        CREDITS,
        spilling(daily(10)),
        spilling(rolling(20)),
        spilling(rolling(4, HOUR_MS)),
      ];
      await buyCredits(ledger, 5);
      const { violations } = await denied(ledger.reserve('call', claims, tokens(15), LEASE));
      assert.deepEqual(violations, [{ claim: 3, cost: 15, hard: true, fitsAtMs: undefined }]);
      const more = await denied(ledger.reserve('more', claims, tokens(16), LEASE));
      assert.deepEqual(
        more.violations.map((violation) => violation.claim),
        [1, 3],
      );
    },
  },
  {
    title:
      'A call that does not fit with the credits fits exactly at the moment that the denial names',
    movesClock: true,
    async run({ ledger, clock }) {
      const claims = [spilling(rolling(10)), CREDITS];
      await buyCredits(ledger, 3);
      const [of] = claims;
      assert.ok(of);
      await use(ledger, 'first', of, 4);
      clock.set(START_MS + 5 * HOUR_MS);
      await use(ledger, 'second', of, 6);
      const { violations } = await denied(ledger.reserve('now', claims, tokens(7), LEASE));
      const fitsAtMs = START_MS + 25 * HOUR_MS;
      assert.deepEqual(violations, [{ claim: 0, cost: 7, hard: true, fitsAtMs }]);
      clock.set(fitsAtMs - 1);
      await denied(ledger.reserve('before', claims, tokens(7), LEASE));
      clock.set(fitsAtMs);
      await granted(ledger.reserve('then', claims, tokens(7), LEASE));
      await assertAllCount(ledger, claims, [
        [6, 4],
        [-3, 3],
      ]);
    },
  },
  {
    title:
      'A denial is soft if only what other calls hold of the limit or the credits is in the way',
    async run({ ledger }) {
      await buyCredits(ledger, 5);
      await granted(ledger.reserve('held', CLAIMS, tokens(12), LEASE));
      const { violations } = await denied(ledger.reserve('soft', CLAIMS, tokens(15), LEASE));
      assert.deepEqual(violations, [{ claim: 0, cost: 15, hard: false, fitsAtMs: undefined }]);
      const hard = await denied(ledger.reserve('hard', CLAIMS, tokens(16), LEASE));
      assert.deepEqual(hard.violations, [{ claim: 0, cost: 16, hard: true, fitsAtMs: undefined }]);
    },
  },
  {
    title: 'A limit of 0 that spills is paid by credits alone',
    async run({ ledger }) {
      const claims = [spilling(daily(0)), CREDITS];
      const nothing = await denied(ledger.reserve('nothing', claims, tokens(1), LEASE));
      assert.deepEqual(nothing.violations, [
        { claim: 0, cost: 1, hard: true, fitsAtMs: undefined },
      ]);
      await granted(ledger.reserve('free', claims, tokens(0), LEASE));
      await buyCredits(ledger, 5);
      await granted(ledger.reserve('call', claims, tokens(5), LEASE));
      await assertAllCount(ledger, claims, [
        [0, 0],
        [-5, 5],
      ]);
      await ledger.settle('call', tokens(4));
      await assertAllCount(ledger, claims, [
        [0, 0],
        [-1, 0],
      ]);
    },
  },
  {
    title: 'A limit that spills is like any other in a reserve without credits',
    async run({ ledger }) {
      await buyCredits(ledger, 20);
      const alone = [spilling(daily(10))];
      const { violations } = await denied(ledger.reserve('more', alone, tokens(11), LEASE));
      assert.deepEqual(violations, [{ claim: 0, cost: 11, hard: true, fitsAtMs: undefined }]);
      await granted(ledger.reserve('call', alone, tokens(10), LEASE));
      await ledger.settle('call', tokens(12));
      await assertAllCount(ledger, CLAIMS, [
        [12, 0],
        [-20, 0],
      ]);
    },
  },
  {
    title:
      'Credits take nothing in a reserve without a limit of their account and unit that spills',
    async run({ ledger }) {
      await buyCredits(ledger, 20);
      const claims = [CREDITS, claim(daily(10)), spilling(daily(100), 'user:bob')];
      await granted(ledger.reserve('call', claims, tokens(10), LEASE));
      await denied(ledger.reserve('more', claims, tokens(1), LEASE));
      await ledger.settle('call', tokens(13));
      await assertAllCount(ledger, claims, [
        [-20, 0],
        [13, 0],
        [13, 0],
      ]);
    },
  },
  {
    title: 'Parallel reserves get what is left of the limit and the credits, and no more',
    async run({ ledger }) {
      await buyCredits(ledger, 2);
      const claims = [spilling(daily(3)), CREDITS];
      const calls = Array.from({ length: 20 }, (_, index) =>
        ledger.reserve(`call-${index}`, claims, tokens(1), LEASE),
      );
      const answers = await Promise.all(calls);
      assert.equal(answers.filter((answer) => answer.granted).length, 5);
      await assertAllCount(ledger, claims, [
        [0, 3],
        [-2, 2],
      ]);
    },
  },
];
