import type { Block } from '../core/block.ts';
import type { Limit } from './limit.ts';
import type { Identity, Plan } from './plan.ts';

/** The limits of one group of a user. */
export interface GroupLimits {
  /** What kind of group it is, such as `team`. */
  readonly kind: string;
  /** Unique among the groups of its kind. */
  readonly id: string;
  /** Whether its members see the figures of its limits. */
  readonly showsFigures: boolean;
  readonly block: Block | undefined;
  readonly limits: readonly Limit[];
}

/** Limits by level: all of a caller, or those that count one call. Each array is the same object while nothing
 * about it has changed, so that what is derived from it is made once. */
export interface LimitLevels {
  /** Those of the credential, but for its single use. */
  readonly token: readonly Limit[];
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
  return { token: NO_LIMITS, plan, groups: NO_GROUPS, shared: NO_LIMITS };
};

/** Every limit of a caller, whatever they call. */
export function levelsOf(
  { scope }: Identity,
  { limits }: Plan,
  shared: readonly Limit[],
  groups = NO_GROUPS,
): LimitLevels {
  return { token: scope?.limits ?? NO_LIMITS, plan: limits, groups, shared };
}

/** Returns the limits of all levels, from narrow to wide, in one list for each account. */
export function allLevels({ token, plan, groups, shared }: LimitLevels): (readonly Limit[])[] {
  return [token, plan, ...groups.map(({ limits }) => limits), shared];
}

export const areSameLevels = (a: LimitLevels, b: LimitLevels): boolean =>
  a.token === b.token && a.plan === b.plan && a.groups === b.groups && a.shared === b.shared;
