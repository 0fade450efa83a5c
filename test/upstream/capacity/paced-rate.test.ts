import { describe, expect, it } from 'vitest';
import {
  cutRate,
  firstRate,
  grownRate,
  type PacedRate,
} from '../../../src/upstream/capacity/paced-rate.ts';

const STEADY: PacedRate = {
  perMinute: 100,
  isSearching: false,
  refusedAt: 100,
  cutsInRow: 0,
  cuts: 3,
  cutAtMs: 0,
};

describe('A rate that refusals teach', () => {
  it('begins with nine tenths of what went through in the last minute, and grows fast', () => {
    expect(firstRate(200, 5)).toMatchObject({
      perMinute: 180,
      isSearching: true,
      cuts: 1,
      cutAtMs: 5,
    });
  });

  it('is never below one call a minute', () => {
    expect(firstRate(0, 0).perMinute).toBe(1);
    expect(cutRate({ ...STEADY, perMinute: 1 }, 1, 0).perMinute).toBe(1);
  });

  it('falls by a tenth at a refusal, by more from the third in a row on', () => {
    const rates: number[] = [];
    let rate = STEADY;
    for (let cut = 0; cut < 4; cut += 1) {
      rate = cutRate(rate, rate.perMinute, 0);
      rates.push(Math.round(rate.perMinute));
    }
    expect(rates).toEqual([90, 81, 57, 40]);
  });

  it('falls from the rate at which the refused call left, if that was lower', () => {
    expect(cutRate({ ...STEADY, perMinute: 110 }, 100, 0).perMinute).toBe(90);
  });

  it('grows by a tenth a minute in steps of 6 s', () => {
    expect(grownRate(STEADY, 5_999)).toBeUndefined();
    expect(grownRate(STEADY, 6_000)?.perMinute).toBeCloseTo(100 * 1.1 ** 0.1, 2);
  });

  it('grows by at most two steps after a time in which no call waited', () => {
    expect(grownRate(STEADY, 3_600_000)?.perMinute).toBeCloseTo(100 * 1.1 ** 0.2, 2);
  });

  it('grows by a tenth a minute also when it is less than a call for each step', () => {
    expect(grownRate({ ...STEADY, perMinute: 2, refusedAt: 2 }, 30_000)?.perMinute).toBeCloseTo(
      2 * 1.1 ** 0.5,
      2,
    );
  });

  it('grows by 3 % a second while it is searched', () => {
    const searching = { ...STEADY, isSearching: true };
    expect(grownRate(searching, 999)).toBeUndefined();
    expect(grownRate(searching, 1_000)?.perMinute).toBeCloseTo(103, 2);
  });

  it('is searched again when it is well above where it was refused', () => {
    expect(grownRate({ ...STEADY, perMinute: 111 }, 1_000)).toMatchObject({ isSearching: true });
    expect(grownRate({ ...STEADY, perMinute: 109 }, 6_000)).toMatchObject({ isSearching: false });
  });

  it('is no longer searched after a refusal', () => {
    expect(cutRate({ ...STEADY, isSearching: true }, 100, 0).isSearching).toBe(false);
  });
});
