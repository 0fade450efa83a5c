import type { Clock } from '../base/clock.ts';
import { activeBlock, blockedDenial, type UserStates } from '../users/user-states.ts';
import type { InFlightCall } from './in-flight.ts';

interface BlockParts {
  readonly states: UserStates;
  readonly clock: Clock;
  /** A store that fails is reported here. The call goes on, and is looked at again a second later. */
  readonly onError: (error: unknown) => void;
}

/** Stops a call whose user is blocked by now. Returns at once, and never throws. */
export function stopIfBlocked(call: InFlightCall, parts: BlockParts): void {
  void check(call, parts).catch(parts.onError);
}

async function check(call: InFlightCall, { states, clock }: BlockParts): Promise<void> {
  const block = activeBlock(await states.get(call.userId), clock.nowMs());
  if (block !== undefined) call.stop(blockedDenial(block.reason));
}
