import type { Limit } from './limit.ts';

/** The limits of one group of a user. */
export interface GroupLimits {
  /** What kind of group it is, such as `team`. */
  readonly kind: string;
  /** Unique among the groups of its kind. */
  readonly id: string;
  /** Whether its members see the figures of its limits. */
  readonly showsFigures: boolean;
  readonly limits: readonly Limit[];
}

/** The limits that count a call, by level. Those of a token are in its scope. Each array is the same object while
 * nothing about it has changed, so that what is derived from it is made once. */
export interface LimitLevels {
  readonly plan: readonly Limit[];
  /** From narrow to wide. */
  readonly groups: readonly GroupLimits[];
  /** Global ones, and those of all anonymous users. */
  readonly shared: readonly Limit[];
}

export const NO_GROUPS: readonly GroupLimits[] = [];
const NO_LIMITS: readonly Limit[] = [];

/** The limits of a user alone. */
export const onlyOwn = (plan: readonly Limit[]): LimitLevels => {
  return { plan, groups: NO_GROUPS, shared: NO_LIMITS };
};
