import assert from 'node:assert/strict';
import type { Claim } from '../../ledger/ledger.ts';
import {
  assertCounts,
  type Case,
  claim,
  concurrent,
  daily,
  denied,
  GLOBAL,
  granted,
  LEASE,
  tokens,
} from './case.ts';

/** All accounts of a call, from narrow to wide: as many groups as a user can be in. */
const LEVELS = [
  'token:t1',
  'user:ada',
  'group:team:red',
  'group:office:rome',
  'group:company:acme',
  'group:country:it',
  GLOBAL,
];

/** `amountAt`: the amount of the level at this place. */
const claimsWith = (amountAt: (level: number) => number, levels = LEVELS): Claim[] =>
  levels.map((account, level) => claim(daily(amountAt(level)), account));

export const levelCases: readonly Case[] = [
  {
    title: 'One reserve counts on a token, a user, four groups and all users together',
    async run({ ledger }) {
      const claims = claimsWith(() => 10);
      await granted(ledger.reserve('call', claims, tokens(6), LEASE));
      for (const of of claims) await assertCounts(ledger, of, { used: 0, held: 6 });
      assert.equal(await ledger.settle('call', tokens(4)), 'done');
      for (const of of claims) await assertCounts(ledger, of, { used: 4, held: 0 });
    },
  },
  {
    title: 'A reserve that one level refuses names it and leaves no trace in the others',
    async run({ ledger }) {
      for (const narrow of LEVELS.keys()) {
        const claims = claimsWith((level) => (level === narrow ? 5 : 10));
        const before = await ledger.read(claims);
        const { violations } = await denied(ledger.reserve('call', claims, tokens(6), LEASE));
        assert.deepEqual(violations, [{ claim: narrow, cost: 6, hard: true, fitsAtMs: undefined }]);
        assert.deepEqual(await ledger.read(claims), before);
      }
    },
  },
  {
    title: 'Two users of one group share its limit, and each has their own',
    async run({ ledger }) {
      const claimsOf = (user: string) => [
        claim(daily(10), user),
        claim(daily(15), 'group:team:red'),
      ];
      await granted(ledger.reserve('ada', claimsOf('user:ada'), tokens(10), LEASE));
      const { violations } = await denied(
        ledger.reserve('bob', claimsOf('user:bob'), tokens(6), LEASE),
      );
      assert.deepEqual(violations, [{ claim: 1, cost: 6, hard: false, fitsAtMs: undefined }]);
      await granted(ledger.reserve('bob', claimsOf('user:bob'), tokens(5), LEASE));
    },
  },
  {
    title:
      'Parallel calls of users in overlapping groups get exactly the last places of each group',
    async run({ ledger }) {
      const groups = ['group:team:red', 'group:team:blue', 'group:team:green'];
      const calls = Array.from({ length: 90 }, (_, index) => {
        // Each call is in two of the three groups, in either order.
        const pair = [groups[index % 3] ?? '', groups[(index + 1) % 3] ?? ''];
        const claims = [
          claim(daily(1_000), `user:${index % 5}`),
          ...(index % 2 === 0 ? pair : pair.reverse()).map((group) => claim(concurrent(10), group)),
          claim(daily(1_000), GLOBAL),
        ];
        return ledger.reserve(`call-${index}`, claims, tokens(1), LEASE);
      });
      const won = (await Promise.all(calls)).filter((answer) => answer.granted).length;
      let held = 0;
      for (const group of groups) {
        const [of] = await ledger.read([claim(concurrent(10), group)]);
        assert.ok(of && of.held <= 10, 'a group has no more calls than its limit');
        held += of.held;
      }
      assert.equal(held, 2 * won, 'every call counts in both of its groups');
      assert.ok(won >= 10, 'the places of a group are given out');
      await assertCounts(ledger, claim(daily(1_000), GLOBAL), { used: 0, held: won });
    },
  },
];
