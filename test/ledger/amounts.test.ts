import { describe, expect, it } from 'vitest';
import {
  type Amounts,
  amountIn,
  amounts,
  assertAmounts,
  assertCredits,
  NO_AMOUNTS,
  shownAmount,
  UNITS,
  writtenAmount,
  zeroAmounts,
} from '../../src/ledger/amounts.ts';

/** A different amount in every unit. */
const DISTINCT = Object.fromEntries(UNITS.map((unit, index) => [unit, index + 1])) as Amounts;

describe('Amounts', () => {
  it.each(UNITS)('The unit %s is in every kind of amounts', (unit) => {
    const one = amounts({ [unit]: 7 });
    expect(Object.keys(one)).toEqual(UNITS);
    expect(Object.keys(zeroAmounts())).toEqual(UNITS);
    expect(amountIn(one, unit)).toBe(7);
    expect(amountIn(NO_AMOUNTS, unit)).toBe(0);
    expect(amounts(DISTINCT)).toEqual(DISTINCT);
    expect(amountIn(DISTINCT, unit)).toBe(DISTINCT[unit]);
  });

  it.each(UNITS)('A wrong amount of %s is rejected', (unit) => {
    for (const wrong of [Number.NaN, -1, 0.5, 2 ** 53, '1', undefined]) {
      const given = { ...NO_AMOUNTS, [unit]: wrong } as Amounts;
      expect(() => assertAmounts(given)).toThrow(`"${unit}" must be a whole number`);
      expect(() => assertCredits(given)).toThrow(TypeError);
    }
    const infinite = amounts({ [unit]: Number.POSITIVE_INFINITY });
    expect(() => assertAmounts(infinite)).toThrow(TypeError);
    expect(() => assertCredits(infinite)).not.toThrow();
  });

  it.each(UNITS)('An amount of %s is shown as it is written', (unit) => {
    expect(shownAmount(unit, writtenAmount(unit, 3))).toBe(3);
  });

  it('Money is counted in nano-USD, to the nearest', () => {
    expect(writtenAmount('nanoUsd', 0.05)).toBe(50_000_000);
    expect(writtenAmount('nanoUsd', 1.000_000_000_6)).toBe(1_000_000_001);
    expect(shownAmount('nanoUsd', 1_500_000_000)).toBe(1.5);
  });
});
