import assert from 'node:assert/strict';
import type { Amounts } from '../../ledger/amounts.ts';
import type { Claim, Ledger, NotGranted, RateRule } from '../../ledger/ledger.ts';
import {
  amounts,
  assertCounts,
  balanceOf,
  type Case,
  claim,
  DAY_MS,
  denied,
  GLOBAL,
  granted,
  LEASE,
  MINUTE_MS,
  START_MS,
} from './case.ts';

/** What an upstream allows a minute: 1,000 tokens, of which one flows back each 60 ms. */
const LIMIT = 1_000;
const TOKEN_MS = MINUTE_MS / LIMIT;
/** A call leaves as soon as no more than this is owed, however large it is. */
const OWED_MAX = 900;
/** A call on its way that is never settled. */
const SENT = { durationMs: 1_000, dispatched: true };
/** Fits whatever is owed. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

const tokenRule = (burst: number): RateRule => {
  return {
    kind: 'rate',
    key: 'tpm',
    unit: 'upstreamTokens',
    amount: LIMIT,
    periodMs: MINUTE_MS,
    burst,
  };
};
/** Of a call that costs so much: its burst is its own, and its key is that of all. */
const tokenClaim = (cost: number): Claim => claim(tokenRule(OWED_MAX + cost), GLOBAL);
const callOf = (upstreamTokens: number): Amounts => amounts({ requests: 1, upstreamTokens });
const send = (ledger: Ledger, id: string, cost: number) =>
  ledger.reserve(id, [tokenClaim(cost)], callOf(cost), SENT);

/** Corrects what is owed upwards, past every limit. */
const owe = (ledger: Ledger, id: string, cost: number) =>
  granted(ledger.reserve(id, [claim(tokenRule(UNBOUNDED), GLOBAL)], callOf(cost), SENT));

const fitsAtMs = ({ violations }: NotGranted): number | undefined => violations[0]?.fitsAtMs;

export const upstreamCases: readonly Case[] = [
  {
    title:
      'Calls of every size fit at the same moment if the burst of each is its own cost above one level',
    movesClock: true,
    async run({ ledger, clock }) {
      await owe(ledger, 'before', 890);
      await granted(send(ledger, 'first', 60));
      const small = await denied(send(ledger, 'small', 10));
      const large = await denied(send(ledger, 'large', 500));
      const expectedMs = START_MS + 50 * TOKEN_MS;
      assert.deepEqual([fitsAtMs(small), fitsAtMs(large)], [expectedMs, expectedMs]);
      clock.set(expectedMs - 1);
      await denied(send(ledger, 'small', 10));
      await denied(send(ledger, 'large', 500));
      clock.set(expectedMs);
      await granted(send(ledger, 'large', 500));
      await denied(send(ledger, 'small', 10));
      await assertCounts(ledger, tokenClaim(10), { used: 1_400, held: 0 });
    },
  },
  {
    title: 'A dispatched hold on rates that is never settled stays charged after its lease',
    movesClock: true,
    async run({ ledger, clock }) {
      const perDay = { key: 'rpm', unit: 'requests', amount: 100, periodMs: DAY_MS } as const;
      const requests = claim({ kind: 'rate', ...perDay, burst: 91 }, GLOBAL);
      const claims = [requests, tokenClaim(600)];
      const { balances } = await granted(ledger.reserve('call', claims, callOf(600), SENT));
      assert.deepEqual(
        balances.map(({ used }) => used),
        [1, 600],
      );
      for (const passedMs of [999, 1_000, 2_000]) {
        clock.set(START_MS + passedMs);
        const used = Math.ceil(600 - passedMs / TOKEN_MS);
        await assertCounts(ledger, requests, { used: 1, held: 0 });
        // Every burst reads the same counter.
        for (const cost of [600, 1, 77]) {
          await assertCounts(ledger, tokenClaim(cost), { used, held: 0 });
        }
      }
      assert.equal(await ledger.renew('call', SENT), false);
    },
  },
  {
    title: 'What an upstream is owed can be corrected in both directions, also above its limit',
    movesClock: true,
    async run({ ledger, clock }) {
      await owe(ledger, 'more', 1_500);
      await assertCounts(ledger, tokenClaim(10), { used: 1_500, held: 0 });
      const over = await denied(send(ledger, 'call', 10));
      assert.equal(fitsAtMs(over), START_MS + 600 * TOKEN_MS);
      assert.equal(await ledger.credit('less', [tokenClaim(1)], callOf(300)), 'done');
      const { remaining } = await balanceOf(ledger, tokenClaim(400));
      assert.equal(remaining, 100);
      const expectedMs = START_MS + 300 * TOKEN_MS;
      assert.equal(fitsAtMs(await denied(send(ledger, 'call', 10))), expectedMs);
      clock.set(expectedMs);
      await granted(send(ledger, 'call', 10));
      await assertCounts(ledger, tokenClaim(10), { used: 910, held: 0 });
    },
  },
  {
    title: 'A settle posts what a call held of an upstream, and a release gives it back',
    async run({ ledger }) {
      const requests = claim({ ...tokenRule(10), key: 'rpm', unit: 'requests' }, GLOBAL);
      const claims = [tokenClaim(40), requests];
      for (const id of ['settled', 'released', 'refused']) {
        await granted(ledger.reserve(id, claims, callOf(40), LEASE));
      }
      assert.equal(await ledger.settle('settled', callOf(40)), 'done');
      assert.equal(await ledger.release('released', { keepsRates: true }), 'done');
      assert.equal(await ledger.release('refused'), 'done');
      await assertCounts(ledger, tokenClaim(1), { used: 40, held: 0 });
      await assertCounts(ledger, requests, { used: 2, held: 0 });
    },
  },
];
