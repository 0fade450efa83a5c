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

/** Three rounds of two contenders. The second is twice as slow in every round. */
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

describe('The outcome of a target', () => {
  it('The outcome is the median of the ratios within the rounds, for speed and for CPU time', () => {
    const outcome = outcomeOf(speed, results);
    expect(outcome?.reached).toEqual({ median: 0.5, low: 0.5, high: 0.5 });
    expect(outcome?.byCpu).toEqual({ mainUs: 0.5, allUs: 0.4 });
  });

  it.each([
    [[0.4, 0.5], 'both met'],
    [[0.4, 0.6], 'must met'],
    [[0.6, 0.7], 'SHORT'],
  ] as const)('A ratio of 0.5 against a target of at least %j is "%s"', (atLeast, verdict) => {
    expect(outcomeOf({ ...speed, atLeast }, results)?.verdict).toBe(verdict);
  });

  it.each([
    [[2.5, 2], 'both met'],
    [[2.5, 1.5], 'must met'],
    [[1.5, 1], 'SHORT'],
  ] as const)('A ratio of 2 against a target of at most %j is "%s"', (atMost, verdict) => {
    const { atLeast: _, ...time } = { ...speed, measure: 'p50' as const };
    expect(outcomeOf({ ...time, atMost }, results)?.verdict).toBe(verdict);
  });

  it('A cycle counts as two verbs', () => {
    const outcome = outcomeOf(target('Redis ÷ union of five limiters, 32 in flight'), {
      'redis 32': contenders('union', 'current'),
    });
    expect(outcome?.reached.median).toBe(1);
    expect(outcome?.byCpu.allUs).toBe(0.8);
  });

  it('Added CPU time is given in per cent on top of the baseline', () => {
    const outcome = outcomeOf(target('in process, added to the official SDK'), {
      sdk: contenders('sdk', 'guard-client'),
    });
    expect(outcome?.reached.median).toBe(150);
    expect(outcome?.byCpu.mainUs).toBe(100);
  });

  it('The outcome of a time target grows with the time', () => {
    const outcome = outcomeOf(target('Postgres ÷ baseline, one call in flight'), {
      'postgres 1': contenders('baseline', 'current'),
    });
    expect(outcome?.reached.median).toBe(2);
    expect(outcome?.byCpu.allUs).toBe(2.5);
    expect(outcome?.verdict).toBe('SHORT');
  });

  it('The outcome is undefined if a contender was not measured', () => {
    expect(outcomeOf({ ...speed, to: 'nobody' }, results)).toBeUndefined();
    expect(outcomeOf({ ...speed, load: 'nothing' }, results)).toBeUndefined();
  });
});

describe('The targets of a run', () => {
  it('A run has only the targets of its parts', () => {
    const loads = targetsFor(['redis'], true).map(({ load }) => load);
    expect(loads).toEqual(['redis 32', 'redis 128', 'redis 1']);
  });

  it('A run has no target that compares with a baseline missing from the clone', () => {
    const loads = targetsFor(['redis', 'postgres'], false).map(({ load }) => load);
    expect(loads).toEqual(['redis 32', 'redis 128']);
  });
});
