import { QUICK, type Settings, WHOLE } from '../measure/settings.ts';
import type { StoreName } from '../stores/store.ts';

/** The sizes at which cost is measured. */
export interface GrowthSettings extends Settings {
  readonly limits: readonly number[];
  /** The number of users, when something else grows. */
  readonly usersOtherwise: number;
  readonly users: Readonly<Partial<Record<StoreName, readonly number[]>>>;
  readonly processes: readonly number[];
  readonly streams: readonly number[];
}

export const WHOLE_GROWTH: GrowthSettings = {
  ...WHOLE,
  rounds: 5,
  limits: [1, 2, 3, 5, 10, 15, 20],
  usersOtherwise: 10_000,
  users: {
    memory: [1_000, 10_000, 100_000, 1_000_000],
    redis: [1_000, 10_000, 100_000, 1_000_000],
    // The ledger would take ten minutes to insert a million.
    postgres: [1_000, 10_000, 100_000],
  },
  processes: [1, 2, 4, 8],
  streams: [10, 100, 1_000, 5_000],
};

export const QUICK_GROWTH: GrowthSettings = {
  ...QUICK,
  limits: [1, 5],
  usersOtherwise: 100,
  users: { memory: [100, 1_000], redis: [100, 1_000], postgres: [100, 200] },
  processes: [1, 2],
  streams: [100, 200],
};
