import { describe, expect, it } from 'vitest';
import type { Measured } from '../../bench/measure/results.ts';
import { outcomeOf } from '../../bench/report/outcome.ts';
import { targetsFor } from '../../bench/report/print-targets.ts';
import { TARGETS, type Target } from '../../bench/report/targets.ts';

const target = (what: string): Target => {
  const found = TARGETS.find((each) => each.what === what);
  if (found === undefined) throw new Error(`no target "${what}"`);
  return found;
};

/** Three rounds of two contenders, where the second is twice as slow in each round. */
const contenders = (fast: string, slow: string): Measured => ({
  [fast]: { perSecond: [100, 200, 400], mainUs: [10, 5, 4], allUs: [20, 10, 8], p50Ms: [1, 2, 3] },
  [slow]: { perSecond: [50, 100, 200], mainUs: [20, 10, 8], allUs: [50, 25, 20], p50Ms: [2, 4, 6] },
});

const speed: Target = {
  what: 'speed',
  load: 'json',
  of: 'slow',
  to: 'fast',
  measure: 'requests/s',
  atLeast: [0.4, 0.6],
};
const results = { json: contenders('fast', 'slow') };

describe('how far a target is reached', () => {
  it('is the median of the ratios within the rounds, and the same by CPU time', () => {
    const outcome = outcomeOf(speed, results);
    expect(outcome?.reached).toEqual({ median: 0.5, low: 0.5, high: 0.5 });
    expect(outcome?.byCpu).toEqual({ mainUs: 0.5, allUs: 0.4 });
  });

  it.each([
    [[0.4, 0.5], 'both met'],
    [[0.4, 0.6], 'must met'],
    [[0.6, 0.7], 'SHORT'],
  ] as const)('at least %j: %s', (atLeast, verdict) => {
    expect(outcomeOf({ ...speed, atLeast }, results)?.verdict).toBe(verdict);
  });

  it.each([
    [[2.5, 2], 'both met'],
    [[2.5, 1.5], 'must met'],
    [[1.5, 1], 'SHORT'],
  ] as const)('at most %j: %s', (atMost, verdict) => {
    const { atLeast: _, ...time } = { ...speed, measure: 'p50' as const };
    expect(outcomeOf({ ...time, atMost }, results)?.verdict).toBe(verdict);
  });

  it('counts two verbs for a cycle', () => {
    const outcome = outcomeOf(target('Redis ÷ union of five limiters, 32 in flight'), {
      'redis 32': contenders('union', 'current'),
    });
    expect(outcome?.reached.median).toBe(1);
    expect(outcome?.byCpu.allUs).toBe(0.8);
  });

  it('of CPU that is added, is what comes on top, in per cent', () => {
    const outcome = outcomeOf(target('in process, added to the official SDK'), {
      sdk: contenders('sdk', 'guard-client'),
    });
    expect(outcome?.reached.median).toBe(150);
    expect(outcome?.byCpu.mainUs).toBe(100);
  });

  it('of a time, grows with the time', () => {
    const outcome = outcomeOf(target('Postgres ÷ baseline, one call in flight'), {
      'postgres 1': contenders('baseline', 'current'),
    });
    expect(outcome?.reached.median).toBe(2);
    expect(outcome?.byCpu.allUs).toBe(2.5);
    expect(outcome?.verdict).toBe('SHORT');
  });

  it('is unknown where a contender was not measured', () => {
    expect(outcomeOf({ ...speed, to: 'nobody' }, results)).toBeUndefined();
    expect(outcomeOf({ ...speed, load: 'nothing' }, results)).toBeUndefined();
  });
});

describe('the targets of a run', () => {
  it('are those of its parts', () => {
    const loads = targetsFor(['redis'], true).map(({ load }) => load);
    expect(loads).toEqual(['redis 32', 'redis 128', 'redis 1']);
  });

  it('compare with no baseline that the clone does not have', () => {
    const loads = targetsFor(['redis', 'postgres'], false).map(({ load }) => load);
    expect(loads).toEqual(['redis 32', 'redis 128']);
  });
});
