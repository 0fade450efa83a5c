import type { Clock } from '../base/clock.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { TokenVerifier } from '../tokens/token-verifier.ts';
import { activeBlock, blockedDenial, type UserStates } from '../users/user-states.ts';
import type { InFlightCall } from './in-flight.ts';
import { RENEWAL_MS } from './lease.ts';

interface LockOutParts {
  readonly states: UserStates;
  readonly verifier: Pick<TokenVerifier, 'lockedOut'>;
  readonly clock: Clock;
  /** A store that fails is reported here. The call goes on, and is looked at again a second later. */
  readonly onError: (error: unknown) => void;
}

/**
 * Stops a call whose user is blocked by now, or whose user token was revoked or expired longer than one
 * renewal ago. Returns at once, and never throws.
 */
export function stopIfLockedOut(call: InFlightCall, parts: LockOutParts): void {
  if (call.stopped !== undefined && isDenial(call.stopped)) return;
  void check(call, parts).catch(parts.onError);
}

async function check(call: InFlightCall, parts: LockOutParts): Promise<void> {
  const denial = (await blockOf(call, parts)) ?? (await verdictOnToken(call, parts));
  if (denial === undefined) return;
  // No one receives a drained call. To cut it would only hide what it cost.
  if (denial.code === 'expired_credential' && call.draining) return;
  call.stop(denial);
}

async function blockOf(
  { userId }: InFlightCall,
  { states, clock }: LockOutParts,
): Promise<Denial | undefined> {
  const block = activeBlock(await states.get(userId), clock.nowMs());
  return block && blockedDenial(block.reason);
}

async function verdictOnToken(
  { tokenId }: InFlightCall,
  { verifier, clock }: LockOutParts,
): Promise<Denial | undefined> {
  return tokenId === undefined
    ? undefined
    : verifier.lockedOut(tokenId, clock.nowMs() - RENEWAL_MS);
}
