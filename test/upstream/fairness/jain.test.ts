import { describe, expect, it } from 'vitest';
import { jainIndex, maxMinShares } from './jain.ts';

const demand = (asked: number, served: number, weight = 1) => ({ asked, served, weight });

describe('Max-min shares', () => {
  it('a user who asks for less than a share leaves the rest to the others, by weight', () => {
    const demands = [demand(10, 10), demand(1_000, 30), demand(1_000, 50, 3)];
    expect(maxMinShares(demands)).toEqual([10, 20, 60]);
  });
});

describe('Jain’s index', () => {
  it('is 1 when all users get their share', () => {
    expect(jainIndex([demand(10, 10), demand(900, 20), demand(900, 60, 3)])).toBeCloseTo(1);
  });

  it('is one n-th when one of n users gets everything', () => {
    const demands = [demand(900, 40), demand(900, 0), demand(900, 0), demand(900, 0)];
    expect(jainIndex(demands)).toBeCloseTo(1 / 4);
  });
});
