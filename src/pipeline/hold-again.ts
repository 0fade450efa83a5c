import type { CallLedger } from './call-ledger.ts';
import type { HoldIds } from './hold-ids.ts';
import { SENT } from './lease.ts';
import type { Tagged } from './states.ts';

export interface HoldAgainParts {
  readonly ledger: CallLedger;
  readonly holdIds: HoldIds;
}

/**
 * Ends the hold of a request that failed at the upstream, and takes one of its own for the next request.
 * Returns whether it fits; otherwise nothing is held.
 */
export async function holdAgain(
  { inFlight, held, limitStatus }: Tagged,
  { ledger, holdIds }: HoldAgainParts,
): Promise<boolean> {
  await ledger.release(inFlight, { keepsRates: true });
  inFlight.id = holdIds.next();
  inFlight.hold = undefined;
  const { applied } = limitStatus.accounts;
  const decision = await ledger.reserve(inFlight, applied, held, SENT);
  return decision.granted;
}
