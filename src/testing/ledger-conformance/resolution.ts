import assert from 'node:assert/strict';
import {
  amounts,
  assertCounts,
  balanceOf,
  type Case,
  claim,
  concurrent,
  daily,
  denied,
  granted,
  LEASE,
  rate,
  rolling,
  tokens,
  use,
} from './case.ts';

const SETTLED = { ...tokens(4), concurrent: 0 };
const CLAIMS = [claim(daily(10)), claim(rolling(10)), claim(rate(10, 10)), claim(concurrent(3))];
const requestsPerDay = daily(10, { key: 'requests/day', unit: 'requests' });
const REQUEST_RATE = claim({ ...rate(10, 10), key: 'requests/minute~rate', unit: 'requests' });

export const resolutionCases: readonly Case[] = [
  {
    title: 'A reserve with the same id returns the first decision and holds nothing more',
    async run({ ledger }) {
      const first = await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      const second = await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      assert.deepEqual(second, first);
      assert.deepEqual(await ledger.read(CLAIMS), first.balances);
    },
  },
  {
    title: 'A reserve repeated after its hold ended is granted and holds nothing',
    async run({ ledger }) {
      await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      await ledger.settle('call', SETTLED);
      const before = await ledger.read(CLAIMS);
      await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      assert.deepEqual(await ledger.read(CLAIMS), before);
      assert.equal(await ledger.renew('call', LEASE), false);
    },
  },
  {
    title: 'A settle counts the actual usage once and frees the rest of the hold',
    async run({ ledger }) {
      const places = claim(concurrent(3));
      await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      assert.equal(await ledger.settle('call', SETTLED), 'done');
      const after = await ledger.read(CLAIMS);
      assert.deepEqual(
        after.map(({ used, held }) => [used, held]),
        [
          [4, 0],
          [4, 0],
          [4, 0],
          [0, 0],
        ],
      );
      assert.equal(await ledger.settle('call', SETTLED), 'replayed');
      assert.equal(await ledger.settle('call', tokens(9)), 'replayed');
      assert.deepEqual(await ledger.read(CLAIMS), after);
      assert.equal((await balanceOf(ledger, places)).remaining, 3);
    },
  },
  {
    title: 'A release gives everything back, once',
    async run({ ledger }) {
      const before = await ledger.read(CLAIMS);
      await granted(ledger.reserve('call', CLAIMS, tokens(6), LEASE));
      assert.equal(await ledger.release('call'), 'done');
      assert.deepEqual(await ledger.read(CLAIMS), before);
      assert.equal(await ledger.release('call'), 'replayed');
      assert.deepEqual(await ledger.read(CLAIMS), before);
    },
  },
  {
    title: 'A release that keeps rates gives back all but the requests of rates, once',
    async run({ ledger }) {
      const claims = [...CLAIMS, REQUEST_RATE, claim(requestsPerDay)];
      const used = async () => (await ledger.read(claims)).map((balance) => balance.used);
      await granted(ledger.reserve('call', claims, tokens(6), LEASE));
      assert.equal(await ledger.release('call', { keepsRates: true }), 'done');
      assert.deepEqual(await used(), [0, 0, 0, 0, 1, 0]);
      for (const { held } of await ledger.read(claims)) assert.equal(held, 0);
      assert.equal(await ledger.release('call', { keepsRates: true }), 'replayed');
      assert.equal(await ledger.release('call'), 'replayed');
      assert.equal(await ledger.settle('call', SETTLED), 'refused');
      assert.deepEqual(await used(), [0, 0, 0, 0, 1, 0]);
    },
  },
  {
    title: 'A release without options gives the requests of rates back',
    async run({ ledger }) {
      await granted(ledger.reserve('call', [REQUEST_RATE], tokens(6), LEASE));
      assert.equal(await ledger.release('call', { keepsRates: false }), 'done');
      assert.equal(await ledger.release('call', { keepsRates: true }), 'replayed');
      await assertCounts(ledger, REQUEST_RATE, { used: 0, held: 0 });
    },
  },
  {
    title: 'A hold ends once: the opposite ending is refused, and an unknown id is unknown',
    async run({ ledger }) {
      await granted(ledger.reserve('settled', CLAIMS, tokens(2), LEASE));
      await granted(ledger.reserve('released', CLAIMS, tokens(2), LEASE));
      await ledger.settle('settled', tokens(2));
      await ledger.release('released');
      const before = await ledger.read(CLAIMS);
      assert.equal(await ledger.release('settled'), 'refused');
      assert.equal(await ledger.settle('released', tokens(2)), 'refused');
      assert.equal(await ledger.settle('never', tokens(2)), 'unknown');
      assert.equal(await ledger.release('never'), 'unknown');
      assert.equal(await ledger.renew('never', LEASE), false);
      assert.deepEqual(await ledger.read(CLAIMS), before);
    },
  },
  {
    title: 'Exactly one of a simultaneous settle and release takes effect',
    async run({ ledger }) {
      for (let round = 0; round < 20; round += 1) {
        const of = claim(daily(10), `user:${round}`);
        const id = `call-${round}`;
        await granted(ledger.reserve(id, [of], tokens(6), LEASE));
        const ends = await Promise.all([ledger.settle(id, SETTLED), ledger.release(id)]);
        assert.deepEqual([...ends].sort(), ['done', 'refused']);
        await assertCounts(ledger, of, { used: ends[0] === 'done' ? 4 : 0, held: 0 });
      }
    },
  },
  {
    title: 'A settle may exceed its hold and its limit, because OpenAI has billed it',
    async run({ ledger }) {
      for (const rule of [daily(10), rolling(10), rate(10, 10)]) {
        const of = claim(rule);
        await granted(ledger.reserve(`call ${rule.key}`, [of], tokens(6), LEASE));
        assert.equal(await ledger.settle(`call ${rule.key}`, tokens(25)), 'done');
        await assertCounts(ledger, of, { used: 25, held: 0 });
        await denied(ledger.reserve(`next ${rule.key}`, [of], tokens(1), LEASE));
      }
    },
  },
  {
    title: 'An empty hold can still be settled with its actual usage',
    async run({ ledger }) {
      const of = claim(daily(10));
      await granted(ledger.reserve('call', [of], tokens(0), LEASE));
      assert.equal(await ledger.settle('call', tokens(3)), 'done');
      await assertCounts(ledger, of, { used: 3, held: 0 });
    },
  },
  {
    title: 'A credit makes room in the running window, once per id',
    async run({ ledger }) {
      const counters = CLAIMS.slice(0, 3);
      for (const of of counters) await use(ledger, `call ${of.rule.key}`, of, 6);
      assert.equal(await ledger.credit('credit', counters, tokens(4)), 'done');
      assert.equal(await ledger.credit('credit', counters, tokens(4)), 'replayed');
      const used = (await ledger.read(counters)).map((balance) => balance.used);
      assert.deepEqual(used, [2, 2, 2]);
    },
  },
  {
    title: 'A credit above the usage goes below zero, but a bucket holds no more than its burst',
    async run({ ledger }) {
      const counters = CLAIMS.slice(0, 3);
      await ledger.credit('credit', counters, tokens(5));
      const balances = await ledger.read(counters);
      assert.deepEqual(
        balances.map(({ used }) => used),
        [-5, -5, 0],
      );
      assert.deepEqual(
        balances.map(({ remaining }) => remaining),
        [15, 15, 10],
      );
      await granted(ledger.reserve('call', counters.slice(0, 2), tokens(15), LEASE));
    },
  },
  {
    title: 'A credit of Infinity forgives the usage but not the holds, and gives nothing more',
    async run({ ledger }) {
      const counters = CLAIMS.slice(0, 2);
      await granted(ledger.reserve('held', counters, tokens(3), LEASE));
      for (const of of counters) await use(ledger, `call ${of.rule.key}`, of, 6);
      const all = amounts({ tokens: Number.POSITIVE_INFINITY });
      assert.equal(await ledger.credit('forgive', counters, all), 'done');
      for (const of of counters) await assertCounts(ledger, of, { used: 0, held: 3 });
      await ledger.credit('credit', counters, tokens(5));
      await ledger.credit('forgive again', counters, all);
      for (const of of counters) await assertCounts(ledger, of, { used: -5, held: 3 });
    },
  },
];
