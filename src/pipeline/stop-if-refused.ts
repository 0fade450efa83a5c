import type { Clock } from '../base/clock.ts';
import { after, type Soon } from '../base/deadline.ts';
import { activeBlock } from '../core/block.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { UserGroups } from '../groups/user-groups.ts';
import type { StopRecord } from '../stops/stop-record.ts';
import type { TokenVerifier } from '../tokens/token-verifier.ts';
import { blockedDenial, type UserStates } from '../users/user-states.ts';
import type { InFlightCall } from './in-flight.ts';
import { RENEWAL_MS } from './lease.ts';

interface StopParts {
  readonly states: UserStates;
  readonly groups: Pick<UserGroups, 'denialFor'>;
  readonly stops: Pick<StopRecord, 'get'>;
  readonly verifier: Pick<TokenVerifier, 'lockedOut'>;
  readonly clock: Clock;
  /** A store that fails is reported here. The call goes on, and is looked at again a second later. */
  readonly onError: (error: unknown) => void;
}

/**
 * Stops a call that would be refused by now: the service is stopped for it, its user or a group of theirs is blocked, or its
 * user token was revoked or expired longer than one renewal ago. Returns at once, and never throws.
 */
export function stopIfRefused(call: InFlightCall, parts: StopParts): void {
  if (call.stopped !== undefined && isDenial(call.stopped)) return;
  void check(call, parts).catch(parts.onError);
}

async function check(call: InFlightCall, parts: StopParts): Promise<void> {
  const denial =
    (await stopOf(call, parts)) ??
    (await blockOf(call, parts)) ??
    (await parts.groups.denialFor(call.groups)) ??
    (await verdictOnToken(call, parts));
  if (denial === undefined) return;
  // No one receives a drained call. To cut it would only hide what it cost.
  if (denial.code === 'expired_credential' && call.draining) return;
  call.stop(denial);
}

/** Stops a call that is about to be sent, if the service is stopped for it. */
export function stopIfServiceStopped(
  call: InFlightCall,
  { stops }: Pick<StopParts, 'stops'>,
): Soon<void> {
  return after(stops.get(), (list) => {
    const denial = call.named && list.denialFor(call.named);
    if (denial !== undefined) call.stop(denial);
  });
}

/** A call that was sent goes on unless the stop cuts. */
async function stopOf(call: InFlightCall, { stops }: StopParts): Promise<Denial | undefined> {
  const list = await stops.get();
  const { named, dispatched, target } = call;
  if (named === undefined || list.stops.length === 0) return undefined;
  if (!dispatched) return list.denialFor(named);
  return list.cutFor({ ...named, route: { targets: target === undefined ? [] : [target] } });
}

async function blockOf(
  { userId }: InFlightCall,
  { states, clock }: StopParts,
): Promise<Denial | undefined> {
  const block = activeBlock(await states.get(userId), clock.nowMs());
  return block && blockedDenial(block.reason);
}

async function verdictOnToken(
  { tokenId }: InFlightCall,
  { verifier, clock }: StopParts,
): Promise<Denial | undefined> {
  return tokenId === undefined
    ? undefined
    : verifier.lockedOut(tokenId, clock.nowMs() - RENEWAL_MS);
}
