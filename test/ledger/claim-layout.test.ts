import { expect, it } from 'vitest';
import type { Claim } from '../../src/ledger/ledger.ts';
import { claimLayoutOf } from '../../src/ledger/redis/claim-layout.ts';
import { claim, daily, GLOBAL, rate } from '../../src/testing/ledger-conformance/case.ts';

const BURSTS = Array.from({ length: 1_000 }, (_, index) => 900 + index);

it('Claims on rates that differ in their burst alone have one layout', () => {
  const own = claim(daily(10));
  const claimsWith = (burst: number): Claim[] => [own, claim(rate(1_000, burst), GLOBAL)];
  const plans = new Set(BURSTS.map((burst) => claimLayoutOf(claimsWith(burst)).plan));
  expect(plans.size).toBe(1);
});

it('Claims on rates of which one is a shadow have one layout', () => {
  const rules = [rate(7, 7), { ...rate(7, 7), shadow: true as const }];
  const [enforced, shadow] = rules.map((rule) => claimLayoutOf([claim(rule)]).plan);
  expect(enforced).toBe(shadow);
});

it('Claims on rates with another amount, period, unit or key have layouts of their own', () => {
  const rule = rate(1_000, 900);
  const others = [
    { amount: 999 },
    { periodMs: 1 },
    { unit: 'upstreamTokens' as const },
    { key: 'tpm' },
  ];
  const rules = [rule, ...others.map((other) => ({ ...rule, ...other }))];
  const plans = rules.map((each) => claimLayoutOf([claim(each, GLOBAL)]).plan);
  expect(new Set(plans.map(({ encoded }) => encoded.toString('hex'))).size).toBe(rules.length);
  for (const [index, plan] of plans.entries()) expect(plan.claims[0]?.rule).toBe(rules[index]);
});
