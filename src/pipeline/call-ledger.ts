import type { Soon } from '../base/deadline.ts';
import type { Amounts } from '../ledger/amounts.ts';
import type {
  Claim,
  Granted,
  InProcessVerbs,
  Lease,
  Ledger,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../ledger/ledger.ts';
import type { InFlightCall } from './in-flight.ts';

/** The verbs of the ledger for one call. */
export interface CallLedger {
  reserve(
    call: InFlightCall,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
  ): Soon<Granted | NotGranted>;
  settle(call: InFlightCall, used: Amounts): Soon<Resolution>;
  release(call: InFlightCall, options?: ReleaseOptions): Soon<Resolution>;
  renew(call: InFlightCall, lease: Lease): Soon<boolean>;
}

/** Returns the verbs by the call's id. For a ledger in this process they take the hold itself, and return
 * at once. */
export function callLedger(ledger: Ledger): CallLedger {
  return ledger.inProcess === undefined ? byId(ledger) : byHold(ledger.inProcess);
}

function byId(ledger: Ledger): CallLedger {
  return {
    reserve: ({ id }, ...rest) => ledger.reserve(id, ...rest),
    settle: ({ id }, used) => ledger.settle(id, used),
    release: ({ id }, options) => ledger.release(id, options),
    renew: ({ id }, lease) => ledger.renew(id, lease),
  };
}

function byHold(verbs: InProcessVerbs): CallLedger {
  return {
    reserve(call, claims, held, lease) {
      const decision = verbs.reserve(call.id, claims, held, lease);
      if (decision.granted) call.hold = decision.hold;
      return decision;
    },
    settle: ({ hold }, used) => (hold === undefined ? 'unknown' : verbs.settle(hold, used)),
    release: ({ hold }, options) => (hold === undefined ? 'unknown' : verbs.release(hold, options)),
    renew: ({ hold }, lease) => hold !== undefined && verbs.renew(hold, lease),
  };
}
