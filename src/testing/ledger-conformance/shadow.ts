import assert from 'node:assert/strict';
import type { Balance, Granted, Ledger, Rule } from '../../ledger/ledger.ts';
import {
  assertCounts,
  balance,
  balanceOf,
  type Case,
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

const shadow = <Its extends Rule>(rule: Its): Its => ({ ...rule, shadow: true });

/** By kind: a rule in which one call of 7 tokens fits, and what is used and held after two. */
const KINDS: readonly Kind[] = [
  ['calendar', daily(10), { used: 0, held: 14 }],
  ['rolling', rolling(10), { used: 0, held: 14 }],
  ['balance', balance(10), { used: 0, held: 14 }],
  ['concurrent', concurrent(1), { used: 0, held: 2 }],
  ['rate', rate(10, 10), { used: 7, held: 0 }],
];
type Kind = readonly [Rule['kind'], Rule, Pick<Balance, 'used' | 'held'>];

const everyKind = (title: string, run: (...kind: Kind) => Case['run']): Case[] =>
  KINDS.map((kind) => ({ title: `${title} (${kind[0]})`, run: run(...kind) }));

const namedBy = ({ wouldDeny = [] }: Granted): number[] => wouldDeny.map(({ claim: at }) => at);

/** How the hold of a call ends that a shadow rate took nothing of. */
const ENDINGS = [
  ['settled', (ledger) => ledger.settle('over', tokens(9))],
  ['released', (ledger) => ledger.release('over')],
  ['released after it was sent', (ledger) => ledger.release('over', { keepsRates: true })],
] as const satisfies readonly (readonly [string, (ledger: Ledger) => Promise<unknown>])[];

export const shadowCases: readonly Case[] = [
  ...everyKind(
    'A shadow rule never refuses, and names itself when it would have',
    (_kind, rule, counted) =>
      async ({ ledger }) => {
        const of = claim(shadow(rule));
        const first = await granted(ledger.reserve('first', [of], tokens(7), LEASE));
        assert.equal(Object.hasOwn(first, 'wouldDeny'), false);
        const second = await granted(ledger.reserve('second', [of], tokens(7), LEASE));
        assert.deepEqual(namedBy(second), [0]);
        await assertCounts(ledger, of, counted);
        assert.deepEqual(second.balances, await ledger.read([of]));
      },
  ),
  ...everyKind(
    'A shadow rule with an amount of 0 would deny every call and refuses none',
    (kind, rule, { held }) =>
      async ({ ledger }) => {
        const of = claim(shadow({ ...rule, amount: 0 }));
        for (const id of ['first', 'second']) {
          const answer = await granted(ledger.reserve(id, [of], tokens(7), LEASE));
          const cost = kind === 'concurrent' ? 1 : 7;
          assert.deepEqual(answer.wouldDeny, [{ claim: 0, cost, hard: true, fitsAtMs: undefined }]);
        }
        await assertCounts(ledger, of, { used: 0, held });
      },
  ),
  {
    title: 'A shadow window counts all that is used, also above its amount',
    async run({ ledger }) {
      for (const rule of [daily(10), rolling(10), balance(10)]) {
        const of = claim(shadow(rule));
        for (const call of ['first', 'second', 'third']) {
          await use(ledger, `${call} ${rule.key}`, of, 6);
        }
        const { used, held, remaining } = await balanceOf(ledger, of);
        assert.deepEqual({ used, held, remaining }, { used: 18, held: 0, remaining: 0 });
      }
    },
  },
  {
    title: 'A shadow rate would deny as many calls as the same rate refuses',
    async run({ ledger }) {
      const enforced = claim(rate(10, 3), 'user:enforced');
      const shadowed = claim(shadow(rate(10, 3)), 'user:shadow');
      let refused = 0;
      let named = 0;
      for (let call = 0; call < 8; call += 1) {
        const answer = await ledger.reserve(`enforced ${call}`, [enforced], tokens(1), LEASE);
        if (!answer.granted) refused += 1;
        const told = await granted(ledger.reserve(`${call}`, [shadowed], tokens(1), LEASE));
        named += namedBy(told).length;
      }
      assert.deepEqual([refused, named], [5, 5]);
      await assertCounts(ledger, shadowed, { used: 3, held: 0 });
    },
  },
  ...ENDINGS.map(
    ([ending, end]): Case => ({
      title: `A shadow rate that took nothing of a call does not change when the call is ${ending}`,
      async run({ ledger }) {
        const requests = shadow({ ...rate(10, 1), key: 'rpm', unit: 'requests' });
        const claims = [claim(shadow(rate(10, 10))), claim(requests), claim(daily(100))];
        await granted(ledger.reserve('first', claims, tokens(8), LEASE));
        const over = await granted(ledger.reserve('over', claims, tokens(8), LEASE));
        assert.deepEqual(namedBy(over), [0, 1]);
        assert.equal(await end(ledger), 'done');
        assert.equal(await end(ledger), 'replayed');
        await assertCounts(ledger, claim(rate(10, 10)), { used: 8, held: 0 });
        await assertCounts(ledger, claim(requests), { used: 1, held: 0 });
      },
    }),
  ),
  {
    title: 'A shadow rate that took nothing of a call does not change when its lease is over',
    movesClock: true,
    async run({ ledger, clock }) {
      // Refills nothing to speak of during this test.
      const of = claim(shadow({ ...rate(10, 10), periodMs: 1_000 * DAY_MS }));
      await granted(
        ledger.reserve('first', [of], tokens(8), { ...DISPATCHED, durationMs: DAY_MS }),
      );
      await granted(ledger.reserve('sent', [of], tokens(8), DISPATCHED));
      await granted(ledger.reserve('unsent', [of], tokens(8), LEASE));
      clock.set(START_MS + MINUTE_MS);
      await assertCounts(ledger, of, { used: 8, held: 0 });
      assert.equal(await ledger.settle('sent', tokens(5)), 'done');
      assert.equal(await ledger.settle('unsent', tokens(5)), 'done');
      await assertCounts(ledger, of, { used: 8, held: 0 });
    },
  },
  {
    title: 'A shadow window is charged like others when the lease of a call is over',
    movesClock: true,
    async run({ ledger, clock }) {
      const of = claim(shadow(daily(10)));
      for (const id of ['first', 'second']) {
        await granted(ledger.reserve(id, [of], tokens(8), DISPATCHED));
      }
      await granted(ledger.reserve('unsent', [of], tokens(8), LEASE));
      clock.set(START_MS + MINUTE_MS);
      await assertCounts(ledger, of, { used: 16, held: 0 });
      assert.equal(await ledger.settle('second', tokens(3)), 'done');
      await assertCounts(ledger, of, { used: 11, held: 0 });
    },
  },
  {
    title: 'What a shadow rule tells is what the same rule says when it refuses',
    async run({ ledger }) {
      const rules = [daily(10), rolling(10), balance(10), concurrent(1), rate(10, 10)];
      const asked = rules.map((rule) => claim(rule, 'user:enforced'));
      const told = rules.map((rule) => claim(shadow(rule), 'user:shadow'));
      for (const of of [...asked, ...told]) {
        const id = `${of.account} ${of.rule.kind}`;
        await use(ledger, `used ${id}`, of, 5);
        await granted(ledger.reserve(`held ${id}`, [of], tokens(3), LEASE));
      }
      for (const cost of [3, 6, 11]) {
        const refusal = await denied(ledger.reserve(`${cost}`, asked, tokens(cost), LEASE));
        const answer = await granted(ledger.reserve(`told ${cost}`, told, tokens(cost), LEASE));
        assert.deepEqual(answer.wouldDeny, refusal.violations);
        await ledger.release(`told ${cost}`);
      }
    },
  },
  {
    title: 'A shadow rule would deny a call until the moment that it names',
    movesClock: true,
    async run({ ledger, clock }) {
      const of = claim(shadow(rolling(10)));
      await use(ledger, 'used', of, 10);
      const over = await granted(ledger.reserve('over', [of], tokens(4), LEASE));
      const [violation] = over.wouldDeny ?? [];
      assert.equal(violation?.fitsAtMs, START_MS + 25 * HOUR_MS);
      await ledger.release('over');
      clock.set(START_MS + 25 * HOUR_MS - 1);
      assert.deepEqual(
        namedBy(await granted(ledger.reserve('early', [of], tokens(4), LEASE))),
        [0],
      );
      await ledger.release('early');
      clock.set(START_MS + 25 * HOUR_MS);
      assert.deepEqual(namedBy(await granted(ledger.reserve('then', [of], tokens(4), LEASE))), []);
    },
  },
  {
    title: 'A reserve names the shadow rules that would have denied it in the order of the claims',
    async run({ ledger }) {
      const claims = [
        claim(shadow(daily(5))),
        claim(rolling(50)),
        claim(shadow(balance(50))),
        claim(shadow(rate(5, 5))),
        claim(shadow(concurrent(0))),
      ];
      const answer = await granted(ledger.reserve('call', claims, tokens(6), LEASE));
      assert.deepEqual(namedBy(answer), [0, 3, 4]);
    },
  },
  {
    title: 'A denial names no shadow rule and leaves no trace in any',
    async run({ ledger }) {
      const claims = [
        claim(shadow(daily(5))),
        claim(daily(8), 'user:bob'),
        claim(shadow(rate(5, 5))),
      ];
      const before = await ledger.read(claims);
      const answer = await denied(ledger.reserve('call', claims, tokens(9), LEASE));
      assert.deepEqual(
        answer.violations.map((violation) => violation.claim),
        [1],
      );
      assert.equal(Object.hasOwn(answer, 'wouldDeny'), false);
      assert.deepEqual(await ledger.read(claims), before);
    },
  },
  {
    title: 'A repeated reserve does not say again what shadow rules would have denied',
    async run({ ledger }) {
      const claims = [claim(shadow(daily(5))), claim(shadow(rate(5, 5)))];
      const first = await granted(ledger.reserve('call', claims, tokens(9), LEASE));
      assert.deepEqual(namedBy(first), [0, 1]);
      const second = await granted(ledger.reserve('call', claims, tokens(9), LEASE));
      assert.deepEqual(second, { granted: true, balances: first.balances });
    },
  },
  {
    title: 'A shadow rule and the enforced rule of the same key share what was counted',
    async run({ ledger }) {
      for (const rule of [daily(10), rolling(10), balance(10), rate(10, 10)]) {
        await use(ledger, `shadow ${rule.kind}`, claim(shadow(rule)), 8);
        await denied(ledger.reserve(`enforced ${rule.kind}`, [claim(rule)], tokens(3), LEASE));
      }
    },
  },
];
