import { expect, it } from 'vitest';
import { SHARED, storedClaims } from '../../src/ledger/postgres/stored-names.ts';
import { claim, daily, GLOBAL } from '../../src/testing/ledger-conformance/case.ts';

const nameOf = (of: ReturnType<typeof claim>) => storedClaims([of])[0]?.account ?? '';

it('The stored name of a shared account begins with a prefix, which no account of one user has', () => {
  expect(nameOf(claim(daily(1), GLOBAL))).toBe(`${SHARED}global`);
  expect(nameOf({ ...claim(daily(1), GLOBAL), scope: 'own' })).toBe('global');
  expect(nameOf(claim(daily(1), `${SHARED}global`))).toMatch(/^#sha256:/);
  const long = claim(daily(1), 'a'.repeat(1_000));
  expect(nameOf({ ...long, scope: 'shared' })).toBe(SHARED + nameOf(long));
});
