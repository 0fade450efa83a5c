import type { LimitSpec } from '../../../src/plans/limit-spec.ts';

/** None is ever reached. */
export const FOUR_LIMITS = [
  { requests: 1_000_000_000, per: '24h' },
  { requests: 10_000_000_000, per: 'month' },
  { tokens: 1_000_000_000_000, per: 'month' },
  { usd: 1_000_000, per: 'month' },
] as const satisfies readonly LimitSpec[];

const FRACTIONS = [0.5, 0.8, 1];

/** The same four with warnings, and one more that is tried out. */
export const WARNED_LIMITS: readonly LimitSpec[] = [
  ...FOUR_LIMITS.map((limit) => ({ ...limit, warnAt: FRACTIONS })),
  { usd: 100_000, per: 'day', enforce: false },
];
