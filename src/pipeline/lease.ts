import type { Soon } from '../base/deadline.ts';
import type { CallLedger } from './call-ledger.ts';
import type { InFlightCall } from './in-flight.ts';

/** Slots and unsent holds come back by themselves this long after a process died. */
export const LEASE_MS = 90_000;
/** How often a call that goes on renews its lease. */
export const RENEWAL_MS = LEASE_MS / 3;

/** The lease of a call that has not left. */
export const UNSENT = { durationMs: LEASE_MS, dispatched: false };
/** The lease of a call that may have left: a crash charges its hold. */
export const SENT = { durationMs: LEASE_MS, dispatched: true };

/** Notes in the ledger that the request may leave: a crash after this charges the hold. */
export function noteDispatch(ledger: CallLedger, call: InFlightCall): Soon<boolean> {
  return call.dispatchNoted || ledger.renew(call, SENT);
}

/** Renews the lease of a call that lives longer than a third of it. A call whose process died is not renewed. */
export function renewLease(ledger: CallLedger, call: InFlightCall, nowMs: number): void {
  if (nowMs - call.renewedAtMs < RENEWAL_MS) return;
  call.renewedAtMs = nowMs;
  const { dispatched } = call;
  const renew = async () => ledger.renew(call, { durationMs: LEASE_MS, dispatched });
  // A renewal that fails is tried again; a settlement after the lease still counts, once.
  renew().catch(() => {
    call.renewedAtMs = 0;
  });
}
