import type { Clock } from '../base/clock.ts';
import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { NotGranted } from '../ledger/ledger.ts';
import { type Accounts, accountsOf, lookUpLimits } from '../plans/accounts.ts';
import { explainDenial, type LimitDenial, type Need } from '../plans/explain-denial.ts';
import { limitViolations, roomIn, UNKNOWN_STATUS } from '../plans/limit-status.ts';
import { type CountingParts, closestBound } from './closest-bound.ts';
import type { InFlightCall, InFlightCalls } from './in-flight.ts';
import { denialByUpstream } from './queueing.ts';
import { isAdmitted, type ReserveParts, reserveOnce } from './reserve.ts';
import { noteWouldDeny } from './shadow.ts';
import { type Room, shrinkToFit } from './shrink-to-fit.ts';
import type { Admitted, Authorized } from './states.ts';
import type { Thresholds } from './thresholds.ts';

export interface AdmitParts extends CountingParts, ReserveParts {
  readonly calls: InFlightCalls;
  readonly clock: Clock;
  readonly events: Events;
  readonly thresholds: Thresholds;
}

/**
 * Step 3: does it fit in every limit? Holds the upper bound on all limits that apply, or on none: a
 * denial leaves no trace. Begins the call in flight, and ends it if it is denied. One user may have so
 * many in this process, whatever their plan says.
 */
export function admit(authorized: Authorized, parts: AdmitParts): Soon<Admitted | Denial> {
  const denial =
    parts.calls.denialFor(authorized.identity.user.id) ?? denialByUpstream(authorized, parts.clock);
  if (denial !== undefined) {
    authorized.callBody.release();
    return denial;
  }
  // Known as in flight before it holds anything, so that no block can pass it by.
  const inFlight = parts.calls.begin(authorized.identity);
  inFlight.body = authorized.callBody;
  inFlight.named = authorized;
  inFlight.groups = authorized.groups;
  authorized.request.onDisconnect(() => inFlight.stop('disconnected'));
  try {
    const admitted = reserve(authorized, inFlight, parts);
    return isPromiseLike(admitted)
      ? admitLater(admitted, inFlight, parts)
      : decided(admitted, inFlight, parts);
  } catch (error) {
    parts.calls.end(inFlight);
    throw error;
  }
}

async function admitLater(
  pending: Promise<Admitted | Denial>,
  inFlight: InFlightCall,
  parts: AdmitParts,
): Promise<Admitted | Denial> {
  try {
    return decided(await pending, inFlight, parts);
  } catch (error) {
    parts.calls.end(inFlight);
    throw error;
  }
}

function decided(
  admitted: Admitted | Denial,
  inFlight: InFlightCall,
  { calls, events }: AdmitParts,
): Admitted | Denial {
  if (isDenial(admitted)) calls.end(inFlight);
  else noteWouldDeny(admitted, events);
  return admitted;
}

/** A call that may be held, and all that decides about it. */
interface Attempt {
  readonly inFlight: InFlightCall;
  readonly accounts: Accounts;
  readonly nowMs: number;
  readonly parts: AdmitParts;
}

/** Reserves the upper bound. If it does not fit, tries again with a closer bound or a lower output cap. */
function reserve(
  authorized: Authorized,
  inFlight: InFlightCall,
  parts: AdmitParts,
): Soon<Admitted | Denial> {
  const nowMs = parts.clock.nowMs();
  const pending = lookUpLimits(authorized.identity.user, authorized.levels, nowMs);
  if (pending !== undefined) {
    return pending.then(() => reserveNow(authorized, inFlight, parts, nowMs));
  }
  return reserveNow(authorized, inFlight, parts, nowMs);
}

function reserveNow(
  authorized: Authorized,
  inFlight: InFlightCall,
  parts: AdmitParts,
  nowMs: number,
): Soon<Admitted | Denial> {
  const accounts = accountsOf(authorized.identity, authorized.levels, nowMs);
  return after(reserveOnce(authorized, inFlight, accounts, parts), (decision) => {
    if (isAdmitted(decision)) return decision;
    const attempt = { inFlight, accounts, nowMs, parts };
    return after(closestBound(authorized, roomsIn(accounts, decision), parts), (closest) =>
      reserveAgain(closest, decision, attempt, RESERVES_AGAIN_MAX),
    );
  });
}

/** What was left at the first reserve may be taken when the second one comes. */
const RESERVES_AGAIN_MAX = 2;

function reserveAgain(
  call: Authorized,
  decision: NotGranted,
  attempt: Attempt,
  left: number,
): Soon<Admitted | Denial> {
  const { inFlight, accounts, nowMs, parts } = attempt;
  const smaller = left > 0 ? shrinkToFit(call, roomsIn(accounts, decision)) : undefined;
  if (smaller === undefined) {
    parts.thresholds.denied(call, decision, accounts);
    return denied(call, decision, accounts, nowMs);
  }
  return after(reserveOnce(smaller, inFlight, accounts, parts), (next) =>
    isAdmitted(next) ? next : reserveAgain(call, next, attempt, left - 1),
  );
}

/** Returns what is left of the limits that a call broke, with the credits behind them. */
function roomsIn(accounts: Accounts, decision: NotGranted): Room[] {
  return limitViolations(accounts, decision).map((broken) => {
    return { unit: broken.claim.rule.unit, remaining: roomIn(broken) };
  });
}

function denied(
  call: Authorized,
  decision: NotGranted,
  accounts: Accounts,
  nowMs: number,
): LimitDenial {
  const denial = explainDenial(decision, accounts, nowMs, needOf(call));
  return decision.degraded ? { ...denial, limitStatus: UNKNOWN_STATUS, degraded: true } : denial;
}

function needOf(call: Authorized): Need {
  return {
    most: call.bound,
    fitsInto: (unit, remaining) => shrinkToFit(call, [{ unit, remaining }]) !== undefined,
    advice: adviceFor(call.endpoint),
  };
}

/** What the plan has fixed, a client cannot make smaller. */
function adviceFor({ outputCap, fixedBy }: Authorized['endpoint']): string {
  if (fixedBy !== undefined) return '';
  return outputCap === undefined ? ' Send less.' : ' Send less, or ask for less output.';
}
