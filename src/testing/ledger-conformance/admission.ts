import assert from 'node:assert/strict';
import { amountsBy, isCounted, UNITS } from '../../ledger/amounts.ts';
import {
  amounts,
  assertCounts,
  balanceOf,
  type Case,
  claim,
  concurrent,
  daily,
  denied,
  GLOBAL,
  granted,
  LEASE,
  rate,
  rolling,
  tokens,
  use,
} from './case.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const KINDS = [
  ['calendar', daily],
  ['rolling', rolling],
  ['rate', (amount: number) => rate(amount, amount)],
] as const;

const everyKind = (
  title: string,
  run: (rule: (amount: number) => ReturnType<(typeof KINDS)[number][1]>) => Case['run'],
): Case[] => KINDS.map(([kind, rule]) => ({ title: `${title} (${kind})`, run: run(rule) }));

export const admissionCases: readonly Case[] = [
  {
    title: 'Every unit is held and used in its own limit alone',
    async run({ ledger }) {
      const units = UNITS.filter(isCounted);
      const claims = units.map((unit) => claim(daily(99, { unit, key: `${unit}/day` })));
      const each = amountsBy((unit) => UNITS.indexOf(unit) + 1);
      const own = units.map((unit) => each[unit]);
      await granted(ledger.reserve('call', claims, each, LEASE));
      const held = (await ledger.read(claims)).map((balance) => balance.held);
      assert.deepEqual(held, own);
      assert.equal(await ledger.settle('call', each), 'done');
      const used = (await ledger.read(claims)).map((balance) => balance.used);
      assert.deepEqual(used, own);
    },
  },
  {
    title: 'A reserve that breaks one of many claims leaves no trace in any of them',
    async run({ ledger }) {
      const own = [
        claim(daily(100)),
        claim(rolling(100)),
        claim(rate(100, 100)),
        claim(concurrent(5)),
      ];
      const claims = [...own, claim(daily(10), GLOBAL)];
      const before = await ledger.read(claims);
      const answer = await denied(ledger.reserve('call', claims, tokens(11), LEASE));
      assert.deepEqual(
        answer.violations.map((violation) => violation.claim),
        [4],
      );
      assert.deepEqual(answer.balances, before);
      assert.deepEqual(await ledger.read(claims), before);
      assert.equal(await ledger.settle('call', tokens(11)), 'unknown');
    },
  },
  {
    title: 'A denial names every broken claim in the order of the claims',
    async run({ ledger }) {
      const claims = [claim(daily(5)), claim(rolling(50)), claim(rate(5, 5)), claim(concurrent(0))];
      const { violations } = await denied(ledger.reserve('call', claims, tokens(6), LEASE));
      assert.deepEqual(
        violations.map((violation) => violation.claim),
        [0, 2, 3],
      );
      assert.deepEqual(
        violations.map((violation) => violation.cost),
        [6, 6, 1],
      );
    },
  },
  {
    title: 'Parallel first calls of an unknown user get no more than the limit',
    async run({ ledger }) {
      const claims = [claim(daily(30)), claim(daily(1_000), GLOBAL)];
      const calls = Array.from({ length: 50 }, (_, index) =>
        ledger.reserve(`call-${index}`, claims, tokens(10), LEASE),
      );
      const answers = await Promise.all(calls);
      assert.equal(answers.filter((answer) => answer.granted).length, 3);
      await assertCounts(ledger, claim(daily(1_000), GLOBAL), { used: 0, held: 30 });
    },
  },
  {
    title: 'Exactly 100 of 1,000 parallel reserves are granted for 100 concurrent slots',
    async run({ ledger }) {
      const places = claim(concurrent(100), GLOBAL);
      const calls = Array.from({ length: 1_000 }, (_, index) => {
        const own = claim(daily(1_000), `user:${index % 7}`);
        return ledger.reserve(`call-${index}`, [own, places], tokens(1), LEASE);
      });
      const answers = await Promise.all(calls);
      assert.equal(answers.filter((answer) => answer.granted).length, 100);
      const { held, remaining, resetsAtMs } = await balanceOf(ledger, places);
      assert.deepEqual(
        { held, remaining, resetsAtMs },
        { held: 100, remaining: 0, resetsAtMs: undefined },
      );
    },
  },
  ...everyKind('Reserves fill a limit exactly and no further', (rule) => async ({ ledger }) => {
    const of = claim(rule(10));
    await use(ledger, 'first', of, 7);
    await denied(ledger.reserve('second', [of], tokens(4), LEASE));
    await use(ledger, 'third', of, 3);
    await denied(ledger.reserve('fourth', [of], tokens(1), LEASE));
  }),
  ...everyKind(
    'A limit of 0 denies every reserve, even one without cost',
    (rule) =>
      async ({ ledger }) => {
        const answer = await denied(ledger.reserve('call', [claim(rule(0))], tokens(0), LEASE));
        assert.deepEqual(answer.violations, [
          { claim: 0, cost: 0, hard: true, fitsAtMs: undefined },
        ]);
        assert.equal(answer.balances[0]?.remaining, 0);
      },
  ),
  ...everyKind('A free reserve fits an exhausted limit', (rule) => async ({ ledger }) => {
    const of = claim(rule(10));
    await use(ledger, 'first', of, 10);
    await granted(ledger.reserve('second', [of], tokens(0), LEASE));
  }),
  ...everyKind('A cost above the limit never fits', (rule) => async ({ ledger }) => {
    const { violations } = await denied(
      ledger.reserve('call', [claim(rule(10))], tokens(11), LEASE),
    );
    assert.deepEqual(violations, [{ claim: 0, cost: 11, hard: true, fitsAtMs: undefined }]);
  }),
  ...everyKind(
    'A limit lowered below its usage denies, and admits after it is raised again',
    (rule) =>
      async ({ ledger }) => {
        await use(ledger, 'first', claim(rule(10)), 8);
        const { balances } = await denied(
          ledger.reserve('second', [claim(rule(5))], tokens(1), LEASE),
        );
        assert.equal(balances[0]?.remaining, 0);
        assert.equal(balances[0]?.used, 8);
        await granted(ledger.reserve('third', [claim(rule(10))], tokens(2), LEASE));
      },
  ),
  {
    title:
      'A denial is soft while calls in flight block it, and hard once they have used the limit',
    async run({ ledger }) {
      for (const rule of [daily(10), rolling(10)]) {
        const of = claim(rule);
        await granted(ledger.reserve(`held ${rule.key}`, [of], tokens(8), LEASE));
        const soft = await denied(ledger.reserve(`soft ${rule.key}`, [of], tokens(5), LEASE));
        assert.deepEqual(soft.violations, [
          { claim: 0, cost: 5, hard: false, fitsAtMs: undefined },
        ]);
        await ledger.settle(`held ${rule.key}`, tokens(8));
        const hard = await denied(ledger.reserve(`hard ${rule.key}`, [of], tokens(5), LEASE));
        assert.equal(hard.violations[0]?.hard, true);
        assert.notEqual(hard.violations[0]?.fitsAtMs, undefined);
      }
    },
  },
  {
    title: 'A read neither changes nor creates anything',
    async run({ ledger }) {
      const claims = [
        claim(daily(10)),
        claim(rolling(10)),
        claim(rate(10, 5)),
        claim(concurrent(2)),
      ];
      const empty = { used: 0, held: 0, resetsAtMs: undefined };
      const expected = [10, 10, 5, 2].map((remaining) => ({ ...empty, remaining }));
      for (let time = 0; time < 3; time += 1) assert.deepEqual(await ledger.read(claims), expected);
    },
  },
  {
    title: 'Numbers close to 2^53 are counted exactly',
    async run({ ledger }) {
      const of = claim(daily(MAX));
      await use(ledger, 'first', of, MAX - 3);
      await denied(ledger.reserve('second', [of], tokens(4), LEASE));
      await use(ledger, 'third', of, 2);
      await assertCounts(ledger, of, { used: MAX - 1, held: 0 });
      await granted(ledger.reserve('fourth', [of], tokens(1), LEASE));
      await denied(ledger.reserve('fifth', [of], tokens(1), LEASE));
    },
  },
  {
    title: 'Usage above 2^53 stays over the limit',
    async run({ ledger }) {
      const of = claim(daily(MAX));
      await granted(ledger.reserve('call', [of], tokens(MAX), LEASE));
      await granted(ledger.reserve('free', [of], tokens(0), LEASE));
      await ledger.settle('call', tokens(MAX));
      await ledger.settle('free', tokens(MAX));
      await denied(ledger.reserve('next', [of], tokens(1), LEASE));
    },
  },
  {
    title: 'An amount that is not a whole number is rejected before anything is counted',
    async run({ ledger }) {
      const of = claim(daily(10));
      const given: unknown[] = [
        Number.NaN,
        -1,
        0.5,
        '10',
        Number.POSITIVE_INFINITY,
        2 ** 53,
        undefined,
      ];
      for (const wrong of given) {
        const held = amounts({ tokens: wrong as number });
        await assert.rejects(ledger.reserve('call', [of], held, LEASE), TypeError);
      }
      await assertCounts(ledger, of, { used: 0, held: 0 });
    },
  },
  {
    title: 'Every distinct string names a separate account',
    async run({ ledger }) {
      const odd = [
        '',
        ' ',
        "' OR 1=1 --",
        '%',
        '*',
        '{tag}',
        '{a}{b}',
        '../..',
        'a|b',
        'a:b',
        'A',
        'a',
      ];
      const wide = [
        '\u0000',
        'a\u0000b',
        'ä',
        'a\u0308',
        '\ufeffa',
        'é'.repeat(5_000),
        '__proto__',
      ];
      const accounts = [...odd, ...wide, 'constructor', '\n', '😀', '0', '-1'];
      for (const [index, account] of accounts.entries()) {
        await use(ledger, `call-${index}`, claim(daily(1_000), account), index + 1);
      }
      for (const [index, account] of accounts.entries()) {
        await assertCounts(ledger, claim(daily(1_000), account), { used: index + 1, held: 0 });
      }
    },
  },
  {
    title: 'Every verb throws after close',
    async run({ ledger }) {
      const of = claim(daily(10));
      await ledger.close();
      await assert.rejects(ledger.reserve('call', [of], tokens(1), LEASE), Error);
      await assert.rejects(ledger.settle('call', tokens(1)), Error);
      await assert.rejects(ledger.read([of]), Error);
    },
  },
];
