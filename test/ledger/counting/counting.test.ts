import { describe, expect, it } from 'vitest';
import { counterFor } from '../../../src/ledger/counting/counter-for.ts';
import { balancesOf, partWith, violationsOf } from '../../../src/ledger/counting/decide.ts';
import {
  concurrent,
  DAY_MS,
  daily,
  HOUR_MS,
  rate,
  rolling,
  START_MS,
} from '../../../src/testing/ledger-conformance/case.ts';
import { ledgerConformance } from '../../../src/testing/ledger-conformance.ts';
import { workspaceLedger } from './workspace-ledger.ts';

describe('Verbs on rows that are fetched first and written afterwards', () => {
  ledgerConformance({ describe, it }, async (options) => ({ ledger: workspaceLedger(options) }));
});

describe('One claim with the numbers of a store', () => {
  const bucket = Math.floor((START_MS * 24) / DAY_MS);
  const stored = [
    ['calendar', daily(10), [START_MS, 7, 2], { used: 7, held: 2, resetsAtMs: START_MS + DAY_MS }],
    [
      'rolling',
      rolling(10),
      [2, bucket - 3, 3, bucket, 4],
      { used: 7, held: 2, resetsAtMs: START_MS + 22 * HOUR_MS },
    ],
    ['rate', rate(60, 10), [9, START_MS], { used: 9, held: 0, resetsAtMs: START_MS + 1_000 }],
    ['concurrent', concurrent(10), [9], { used: 0, held: 9, resetsAtMs: undefined }],
  ] as const;

  it.each(stored)(
    'A claim with a %s rule returns the balance of its stored numbers',
    (_kind, rule, numbers, expected) => {
      const balances = balancesOf([partWith(counterFor(rule), 1, numbers)], START_MS);
      expect(balances).toEqual([{ ...expected, remaining: 1 }]);
    },
  );

  it.each(stored)('A claim with a %s rule fits up to its limit', (_kind, rule, numbers) => {
    const violations = (cost: number) =>
      violationsOf([partWith(counterFor(rule), cost, numbers)], START_MS);
    expect(violations(1)).toEqual([]);
    expect(violations(2)).toMatchObject([{ claim: 0, cost: 2 }]);
  });

  it.each(stored)('Taking a claim with a %s rule uses what remained', (_kind, rule, numbers) => {
    const part = partWith(counterFor(rule), 1, numbers);
    part.take(START_MS);
    expect(balancesOf([part], START_MS)).toMatchObject([{ remaining: 0 }]);
  });
});
