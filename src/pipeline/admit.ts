import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { Amounts } from '../ledger/amounts.ts';
import type { Claim, Granted, NotGranted } from '../ledger/ledger.ts';
import { type Accounts, accountsOf } from '../plans/accounts.ts';
import { explainDenial, type LimitDenial } from '../plans/explain-denial.ts';
import { UNKNOWN_STATUS } from '../plans/limit-status.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';
import type { CallLedger } from './call-ledger.ts';
import type { InFlightCall, InFlightCalls } from './in-flight.ts';
import { shrinkToFit } from './shrink-to-fit.ts';
import type { Admitted, Authorized } from './states.ts';

/** Slots and unsent holds come back by themselves this long after a process died. */
export const LEASE_MS = 90_000;
const UNSENT = { durationMs: LEASE_MS, dispatched: false };
const SENT = { durationMs: LEASE_MS, dispatched: true };

export interface AdmitParts {
  readonly ledger: CallLedger;
  readonly calls: InFlightCalls;
  readonly limits: SharedLimits;
  readonly clock: Clock;
  /** Whether an admitted call is sent without waiting for anything. */
  readonly leavesAtOnce: () => boolean;
}

/** Asks every limit at once; a grant is a hold, and a denial leaves no trace. */
export function createAdmit(
  parts: AdmitParts,
): (authorized: Authorized) => Soon<Admitted | Denial> {
  const { ledger, calls, limits, clock, leavesAtOnce } = parts;
  const holdId = createHoldIds();
  const hold = (call: InFlightCall, claims: readonly Claim[], bound: Amounts) => {
    call.id = holdId();
    call.isNoted = leavesAtOnce();
    return ledger.reserve(call, claims, bound, call.isNoted ? SENT : UNSENT);
  };
  const admit = (authorized: Authorized, inFlight: InFlightCall): Soon<Admitted | Denial> => {
    const { identity, plan } = authorized;
    const nowMs = clock.nowMs();
    const accounts = accountsOf(identity, plan.limits, limits.for(identity.user), nowMs);
    return after(hold(inFlight, accounts.applied, authorized.bound), (decision) => {
      if (decision.granted) return granted(authorized, inFlight, decision, accounts);
      const smaller = shrinkToFit(authorized, decision, accounts);
      if (smaller === undefined) return denied(decision, accounts, nowMs);
      return after(hold(inFlight, accounts.applied, smaller.bound), (second) =>
        second.granted
          ? granted(smaller, inFlight, second, accounts)
          : denied(second, accounts, nowMs),
      );
    });
  };
  return (authorized) => {
    // Known as in flight before it holds anything, so that no block can pass it by.
    const inFlight = calls.begin(authorized.identity.user.id);
    authorized.request.onDisconnect(() => inFlight.stop('disconnected'));
    const unlessDenied = (admitted: Admitted | Denial) => {
      if (isDenial(admitted)) calls.end(inFlight);
      return admitted;
    };
    const failed = (error: unknown): never => {
      calls.end(inFlight);
      throw error;
    };
    try {
      const admitted = admit(authorized, inFlight);
      if (isPromiseLike(admitted)) return admitted.then(unlessDenied, failed);
      return unlessDenied(admitted);
    } catch (error) {
      return failed(error);
    }
  };
}

function granted(
  call: Authorized,
  inFlight: InFlightCall,
  decision: Granted,
  accounts: Accounts,
): Admitted {
  const degraded = decision.degraded === true;
  const limitStatus = degraded ? UNKNOWN_STATUS : { accounts, balances: decision.balances };
  return { ...call, inFlight, held: call.bound, limitStatus, degraded };
}

function denied(decision: NotGranted, accounts: Accounts, nowMs: number): LimitDenial {
  const denial = explainDenial(decision, accounts, nowMs);
  return decision.degraded ? { ...denial, limitStatus: UNKNOWN_STATUS, degraded: true } : denial;
}

/**
 * Ids that nobody else can make: 128 random bits of this guard, and a count. A random id for each
 * call costs more, in garbage above all (measured: a seventh of a guarded call).
 */
function createHoldIds(): () => string {
  const prefix = `${randomBytes(16).toString('base64url')}-`;
  let count = 0;
  return () => {
    count += 1;
    return prefix + count.toString(36);
  };
}

/** A call outlives its lease by renewing it in time; one whose process died does not. */
export function renewLease(ledger: CallLedger, call: InFlightCall, nowMs: number): void {
  if (nowMs - call.renewedAtMs < LEASE_MS / 3) return;
  call.renewedAtMs = nowMs;
  const { dispatched } = call;
  const renew = async () => ledger.renew(call, { durationMs: LEASE_MS, dispatched });
  // A renewal that fails is tried again; a settlement after the lease still counts, once.
  renew().catch(() => {
    call.renewedAtMs = 0;
  });
}
