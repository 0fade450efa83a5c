import { after, type Soon, undoIfThrown } from '../base/deadline.ts';
import { type Amounts, amounts } from '../ledger/amounts.ts';
import type { Claim, Granted, NotGranted } from '../ledger/ledger.ts';
import type { Accounts } from '../plans/accounts.ts';
import { UNKNOWN_STATUS } from '../plans/limit-status.ts';
import type { Leaving } from '../upstream/queue/turn.ts';
import type { Target } from '../upstream/target.ts';
import type { CallLedger } from './call-ledger.ts';
import type { HoldIds } from './hold-ids.ts';
import type { InFlightCall } from './in-flight.ts';
import { SENT, UNSENT } from './lease.ts';
import { claimsToWait, queuedCall, type SpreadParts, spreadOver } from './queueing.ts';
import type { Admitted, Authorized } from './states.ts';

export interface ReserveParts extends SpreadParts {
  readonly ledger: CallLedger;
  readonly holdIds: HoldIds;
  /** Whether the ledger is in this process. It would not survive the crash that a note of the dispatch is
   * for. */
  readonly isInProcess: boolean;
}

export const isAdmitted = (decision: Admitted | NotGranted): decision is Admitted =>
  'inFlight' in decision;

/**
 * Holds the bound of a call on all of its limits, and what it takes of an upstream's capacity with it. If
 * only the capacity does not fit, or other calls wait for it, the call holds its own limits alone, and
 * waits later. What is returned otherwise names only its own limits.
 */
export function reserveOnce(
  call: Authorized,
  inFlight: InFlightCall,
  accounts: Accounts,
  parts: ReserveParts,
): Soon<Admitted | NotGranted> {
  const queued = queuedCall(call);
  const leaving = call.route.queue.tryLeave(queued);
  if (leaving === undefined) return reserveToWait(call, inFlight, accounts, parts);
  return undoIfThrown(
    () => reserveToLeave(call, inFlight, { accounts, leaving }, parts),
    () => leaving.abandoned(),
  );
}

interface Leave {
  readonly accounts: Accounts;
  readonly leaving: Leaving<Target>;
}

function reserveToLeave(
  call: Authorized,
  inFlight: InFlightCall,
  { accounts, leaving }: Leave,
  parts: ReserveParts,
): Soon<Admitted | NotGranted> {
  const { applied } = accounts;
  const { claims, outlet } = leaving;
  const isSized = claims.length > 0;
  const { tokens: upstreamTokens } = leaving.call;
  const most = isSized ? amounts({ ...call.bound, upstreamTokens }) : call.bound;
  const all = isSized ? [...applied, ...claims] : applied;
  inFlight.dispatchNoted = parts.isInProcess || outlet.upstream.hasFixedKey;
  return after(hold(inFlight, all, most, parts), (decision) => {
    if (decision.granted) {
      const turn = leaving.granted(balancesAfter(decision, applied.length));
      const queued = leaving.call;
      return admitted(call, inFlight, { held: most, decision, accounts, turn, queued });
    }
    const own = decision.violations.filter(({ claim }) => claim < applied.length);
    if (own.length > 0) {
      leaving.abandoned();
      return { ...decision, violations: own };
    }
    leaving.denied(fitsAtMs(decision));
    return reserveToWait(call, inFlight, accounts, parts);
  });
}

/** Holds the limits of a call that waits. Its request does not leave now. */
function reserveToWait(
  call: Authorized,
  inFlight: InFlightCall,
  accounts: Accounts,
  parts: ReserveParts,
): Soon<Admitted | NotGranted> {
  const claims = claimsToWait(call, accounts, parts);
  inFlight.dispatchNoted = parts.isInProcess;
  return after(hold(inFlight, claims, call.bound, parts), (decision) => {
    if (!decision.granted) return decision;
    const turn = undefined;
    const queued = queuedCall(call, spreadOver(claims, decision.balances, call, parts));
    return admitted(call, inFlight, { held: call.bound, decision, accounts, turn, queued });
  });
}

/** The balances of the claims behind the first ones. A decision without the store has none. */
function balancesAfter({ balances, degraded }: Granted, count: number) {
  return degraded || balances.length === count ? undefined : balances.slice(count);
}

const fitsAtMs = ({ violations }: NotGranted): number =>
  Math.max(...violations.map(({ fitsAtMs = 0 }) => fitsAtMs));

function hold(
  call: InFlightCall,
  claims: readonly Claim[],
  most: Amounts,
  { ledger, holdIds }: ReserveParts,
): Soon<Granted | NotGranted> {
  call.id = holdIds.next();
  return ledger.reserve(call, claims, most, call.dispatchNoted ? SENT : UNSENT);
}

interface Held extends Pick<Admitted, 'held' | 'turn' | 'queued'> {
  readonly decision: Granted;
  readonly accounts: Accounts;
}

function admitted(
  call: Authorized,
  inFlight: InFlightCall,
  { held, decision, accounts, turn, queued }: Held,
): Admitted {
  inFlight.releasePlace = turn?.place;
  const degraded = decision.degraded === true;
  const limitStatus = degraded ? UNKNOWN_STATUS : { accounts, balances: decision.balances };
  const wouldDeny = degraded ? undefined : decision.wouldDeny;
  return { ...call, inFlight, held, limitStatus, wouldDeny, degraded, turn, queued };
}
