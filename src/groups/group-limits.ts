import { activeBlock } from '../core/block.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { Group } from '../core/group.ts';
import type { Limit } from '../plans/limit.ts';
import type { GroupLimits } from '../plans/limit-levels.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';
import { overriddenLimits } from '../plans/merge-plans.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import type { GroupKind } from './group-kinds.ts';
import type { GroupState } from './group-states.ts';

/** What the limits of one group are now. */
export function groupLimits(
  { kind, id }: Group,
  { limits, showsFigures }: GroupKind,
  { block, limits: own }: GroupState,
): GroupLimits {
  return { kind, id, showsFigures, block, limits: own ? overridden(limits, own) : limits };
}

const known = new WeakMap<readonly LimitSpec[], WeakMap<readonly Limit[], readonly Limit[]>>();

/** The same array for the same limits, since more is derived from it. */
function overridden(limits: readonly Limit[], own: readonly LimitSpec[]): readonly Limit[] {
  const ofOwn = known.get(own) ?? new WeakMap<readonly Limit[], readonly Limit[]>();
  known.set(own, ofOwn);
  const found = ofOwn.get(limits) ?? overriddenLimits(limits, parseLimits(own, 'groups.limits'));
  ofOwn.set(limits, found);
  return found;
}

/** Returns why the members of these groups are not served now; `undefined` if they are. */
export function blockedGroupDenial(
  groups: readonly GroupLimits[],
  nowMs: number,
): Denial | undefined {
  for (const group of groups) {
    const block = activeBlock(group, nowMs);
    if (block !== undefined) {
      return deny('group_blocked', `Your ${group.kind} is blocked: ${block.reason}`);
    }
  }
  return undefined;
}
