import assert from 'node:assert/strict';
import type { Claim } from '../../ledger/ledger.ts';
import {
  assertCounts,
  balanceOf,
  type Case,
  type CaseContext,
  claim,
  concurrent,
  DAY_MS,
  DISPATCHED,
  daily,
  denied,
  granted,
  HOUR_MS,
  LEASE,
  MINUTE_MS,
  rate,
  rolling,
  START_MS,
  tokens,
  use,
} from './case.ts';

const LATER = { durationMs: 10 * DAY_MS, dispatched: false };

/** Asserts that a denied cost fits in exactly the millisecond that the denial named. */
async function assertFitsAt(
  { ledger, clock }: CaseContext,
  of: Claim,
  cost: number,
  expectedMs: number,
) {
  const { violations } = await denied(ledger.reserve('now', [of], tokens(cost), LEASE));
  assert.equal(violations[0]?.fitsAtMs, expectedMs);
  clock.set(expectedMs - 1);
  await denied(ledger.reserve('before', [of], tokens(cost), LEASE));
  clock.set(expectedMs);
  await granted(ledger.reserve('then', [of], tokens(cost), LEASE));
}

const timed = (title: string, run: Case['run']): Case => ({ title, movesClock: true, run });

export const timeCases: readonly Case[] = [
  timed('A cost over a calendar limit fits exactly when the window ends', async (context) => {
    const of = claim(daily(10));
    await use(context.ledger, 'call', of, 10);
    assert.equal((await balanceOf(context.ledger, of)).resetsAtMs, START_MS + DAY_MS);
    await assertFitsAt(context, of, 10, START_MS + DAY_MS);
  }),
  timed('A cost over a rolling limit fits exactly once enough usage has left', async (context) => {
    const of = claim(rolling(10));
    await use(context.ledger, 'first', of, 4);
    context.clock.set(START_MS + 5 * HOUR_MS + 1);
    await use(context.ledger, 'second', of, 6);
    assert.equal((await balanceOf(context.ledger, of)).resetsAtMs, START_MS + 25 * HOUR_MS);
    await assertFitsAt(context, of, 5, START_MS + 30 * HOUR_MS);
  }),
  timed(
    'A rolling window never exceeds its limit, wherever it begins',
    async ({ ledger, clock }) => {
      const of = claim(rolling(10));
      const grantedAtMs: number[] = [];
      for (let step = 0; step < 400; step += 1) {
        const nowMs = START_MS + step * 7 * MINUTE_MS;
        clock.set(nowMs);
        const { granted: isGranted } = await ledger.reserve(`call-${step}`, [of], tokens(1), LATER);
        if (isGranted) grantedAtMs.push(nowMs);
        if (isGranted) await ledger.settle(`call-${step}`, tokens(1));
      }
      assert.ok(grantedAtMs.length >= 20, 'the limit must be usable again after each window');
      for (const startMs of grantedAtMs) {
        const inside = grantedAtMs.filter((atMs) => atMs >= startMs && atMs < startMs + DAY_MS);
        assert.ok(inside.length <= 10);
      }
    },
  ),
  timed('A cost over a rate limit fits exactly when the bucket holds it', async (context) => {
    const of = claim(rate(60, 10));
    await use(context.ledger, 'call', of, 10);
    assert.equal((await balanceOf(context.ledger, of)).resetsAtMs, START_MS + 1_000);
    await assertFitsAt(context, of, 3, START_MS + 3_000);
  }),
  timed('A rate bucket refills to its burst and no further', async ({ ledger, clock }) => {
    const of = claim(rate(60, 10));
    await use(ledger, 'first', of, 10);
    clock.set(START_MS + HOUR_MS);
    await use(ledger, 'second', of, 10);
    await denied(ledger.reserve('third', [of], tokens(1), LEASE));
  }),
  timed(
    'A rate bucket gets back what a call did not use, up to its burst',
    async ({ ledger, clock }) => {
      const of = claim(rate(60, 10));
      await granted(ledger.reserve('first', [of], tokens(10), LEASE));
      await ledger.settle('first', tokens(4));
      assert.equal((await balanceOf(ledger, of)).remaining, 6);
      await granted(ledger.reserve('second', [of], tokens(6), LEASE));
      clock.set(START_MS + 30_000);
      await ledger.release('second');
      assert.equal((await balanceOf(ledger, of)).remaining, 10);
    },
  ),
  timed(
    'A hold settles in the window of its reserve and not in a later one',
    async ({ ledger, clock }) => {
      for (const rule of [daily(10), rolling(10)]) {
        clock.set(Math.max(START_MS, clock.nowMs()));
        const of = claim(rule, `user of ${rule.kind}`);
        const id = `over midnight ${rule.kind}`;
        await granted(ledger.reserve(id, [of], tokens(6), LATER));
        const takenAtMs = clock.nowMs();
        clock.set(takenAtMs + DAY_MS + 2 * HOUR_MS);
        await assertCounts(ledger, of, { used: 0, held: 6 });
        assert.equal(await ledger.settle(id, tokens(9)), 'done');
        await assertCounts(ledger, of, { used: 0, held: 0 });
      }
    },
  ),
  timed('An expired hold that was not dispatched is given back', async ({ ledger, clock }) => {
    const claims = [
      claim(daily(10)),
      claim(rolling(10)),
      claim(rate(10, 10)),
      claim(concurrent(1)),
    ];
    await granted(ledger.reserve('call', claims, tokens(6), LEASE));
    clock.set(START_MS + MINUTE_MS - 1);
    assert.equal((await balanceOf(ledger, claim(concurrent(1)))).held, 1);
    clock.set(START_MS + MINUTE_MS);
    const after = await ledger.read(claims);
    assert.deepEqual(
      after.map(({ used, held }) => [used, held]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
  }),
  timed(
    'An expired hold that was dispatched stays charged, and its slot is free',
    async ({ ledger, clock }) => {
      const claims = [claim(daily(10)), claim(rolling(10)), claim(concurrent(1))];
      await granted(ledger.reserve('call', claims, tokens(6), DISPATCHED));
      clock.set(START_MS + MINUTE_MS);
      const after = await ledger.read(claims);
      assert.deepEqual(
        after.map(({ used, held }) => [used, held]),
        [
          [6, 0],
          [6, 0],
          [0, 0],
        ],
      );
      await granted(ledger.reserve('next', [claim(concurrent(1))], tokens(1), LEASE));
    },
  ),
  timed(
    'A settle after the lease corrects the charge to the actual usage, once',
    async ({ ledger, clock }) => {
      const of = claim(daily(100));
      const places = claim(concurrent(1));
      for (const dispatched of [true, false]) {
        const id = `dispatched ${dispatched}`;
        const lease = { durationMs: MINUTE_MS, dispatched };
        await granted(ledger.reserve(id, [of, places], tokens(6), lease));
        clock.set(clock.nowMs() + MINUTE_MS);
        assert.equal(await ledger.settle(id, tokens(9)), 'done');
        assert.equal(await ledger.settle(id, tokens(9)), 'replayed');
        assert.equal(await ledger.release(id), 'refused');
      }
      await assertCounts(ledger, of, { used: 18, held: 0 });
      await assertCounts(ledger, places, { used: 0, held: 0 });
    },
  ),
  timed(
    'A release after the lease takes the estimated charge back, once',
    async ({ ledger, clock }) => {
      const of = claim(daily(100));
      await granted(ledger.reserve('call', [of], tokens(6), DISPATCHED));
      clock.set(START_MS + MINUTE_MS);
      await assertCounts(ledger, of, { used: 6, held: 0 });
      assert.equal(await ledger.release('call'), 'done');
      assert.equal(await ledger.release('call'), 'replayed');
      await assertCounts(ledger, of, { used: 0, held: 0 });
    },
  ),
  timed(
    'A release that keeps rates after the lease leaves the request of a rate taken, once',
    async ({ ledger, clock }) => {
      const slow = claim({ ...rate(1, 10), key: 'slow', unit: 'requests', periodMs: DAY_MS });
      const daily100 = claim(daily(100));
      for (const dispatched of [true, false]) {
        const id = `dispatched ${dispatched}`;
        const lease = { durationMs: MINUTE_MS, dispatched };
        await granted(ledger.reserve(id, [slow, daily100], tokens(6), lease));
        clock.set(clock.nowMs() + MINUTE_MS);
        assert.equal(await ledger.release(id, { keepsRates: true }), 'done');
        assert.equal(await ledger.release(id, { keepsRates: true }), 'replayed');
        assert.equal(await ledger.settle(id, tokens(9)), 'refused');
      }
      await assertCounts(ledger, slow, { used: 2, held: 0 });
      await assertCounts(ledger, daily100, { used: 0, held: 0 });
    },
  ),
  timed(
    'A hold renewed in time outlives its lease, and one that ended cannot be renewed',
    async ({ ledger, clock }) => {
      const of = claim(daily(10));
      await granted(ledger.reserve('call', [of], tokens(6), LEASE));
      for (let minute = 1; minute < 5; minute += 1) {
        clock.set(START_MS + minute * (MINUTE_MS - 1_000));
        assert.equal(await ledger.renew('call', LEASE), true);
      }
      await assertCounts(ledger, of, { used: 0, held: 6 });
      clock.set(START_MS + HOUR_MS);
      assert.equal(await ledger.renew('call', LEASE), false);
      await assertCounts(ledger, of, { used: 0, held: 0 });
    },
  ),
  timed(
    'A renewal can mark a hold as dispatched but never as not dispatched',
    async ({ ledger, clock }) => {
      const of = claim(daily(10));
      await granted(ledger.reserve('call', [of], tokens(6), LEASE));
      await ledger.renew('call', DISPATCHED);
      await ledger.renew('call', LEASE);
      clock.set(START_MS + HOUR_MS);
      await assertCounts(ledger, of, { used: 6, held: 0 });
    },
  ),
  timed(
    'The clock of the store picks the calendar window, not that of the caller',
    async ({ ledger, clock }) => {
      const of = claim(daily(10));
      await use(ledger, 'today', of, 10);
      clock.set(START_MS + DAY_MS);
      // The caller's clock is behind: there, the first of the two windows is still running.
      await use(ledger, 'tomorrow', of, 10);
      await denied(ledger.reserve('more', [of], tokens(1), LEASE));
      assert.equal((await balanceOf(ledger, of)).resetsAtMs, START_MS + 2 * DAY_MS);
    },
  ),
  timed(
    'A caller with a wrong clock uses the nearer window and frees nothing',
    async ({ ledger, clock }) => {
      const of = claim(daily(10));
      clock.set(START_MS + DAY_MS);
      await use(ledger, 'call', of, 10);
      const ended = { startMs: START_MS - DAY_MS, endMs: START_MS };
      const late = daily(10, { windows: [ended, { startMs: START_MS, endMs: START_MS + DAY_MS }] });
      await denied(ledger.reserve('late', [claim(late)], tokens(1), LEASE));
      await denied(ledger.reserve('right', [of], tokens(1), LEASE));
    },
  ),
  timed('A clock that goes backwards frees nothing', async ({ ledger, clock }) => {
    const claims = [claim(daily(10)), claim(rolling(10)), claim(rate(10, 10))];
    for (const of of claims) await use(ledger, `call ${of.rule.key}`, of, 10);
    for (const nowMs of [START_MS - 1, START_MS - 40 * DAY_MS, 0, START_MS]) {
      clock.set(nowMs);
      for (const [index, of] of claims.entries()) {
        await denied(ledger.reserve(`${nowMs} ${index}`, [of], tokens(1), LEASE));
      }
    }
  }),
];
