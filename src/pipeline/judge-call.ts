import type { Clock } from '../base/clock.ts';
import { activeBlock } from '../core/block.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import { blockedGroupDenial } from '../groups/group-limits.ts';
import type { GroupLimits } from '../plans/limit-levels.ts';
import type { StopList } from '../stops/stop-list.ts';
import {
  activePause,
  blockedDenial,
  restrictedDenial,
  type UserState,
} from '../users/user-states.ts';
import type { InvalidRequests } from './invalid-requests.ts';
import type { RouteParts } from './route.ts';
import type { Authorized, Identified } from './states.ts';
import { withoutStopped } from './without-stopped.ts';

interface JudgeParts extends RouteParts {
  readonly clock: Clock;
  readonly invalidRequests: InvalidRequests;
}

/** Returns why no request of this user is looked at now; `undefined` if it is. */
export function denialOfUser(
  { clock, invalidRequests }: JudgeParts,
  { identity }: Identified,
  state: UserState,
): Denial | undefined {
  const block = state.block && activeBlock(state, clock.nowMs());
  return block ? blockedDenial(block.reason) : invalidRequests.denialFor(identity.user.id);
}

/** What may change while a call waits. */
interface Changing {
  readonly state: UserState;
  readonly stops: StopList;
  readonly groups: readonly GroupLimits[];
}

/** Returns the call without its targets that are stopped, or why its model is not called now. */
export function judgeCall(
  parts: JudgeParts,
  authorized: Authorized | Denial,
  { state, stops, groups }: Changing,
): Authorized | Denial {
  if (isDenial(authorized)) return authorized;
  const denial =
    blockedGroupDenial(groups, parts.clock.nowMs()) ?? pauseIn(parts, state, authorized);
  return denial ?? withoutStopped(authorized, stops, parts);
}

function pauseIn(
  { clock }: JudgeParts,
  state: UserState,
  authorized: Authorized,
): Denial | undefined {
  if (state.pauses === undefined) return undefined;
  const pause = activePause(state, authorized.built.model, clock.nowMs());
  return pause && restrictedDenial(pause.model, pause.untilMs);
}
