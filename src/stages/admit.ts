import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { type Denial, isDenial } from '../errors.ts';
import { type InFlightCall, type InFlightCalls, stopCall } from '../in-flight.ts';
import type { Amounts, Claim, Ledger, NotGranted } from '../ledger/ledger.ts';
import { type Accounts, accountsOf, type Standing } from '../plans/accounts.ts';
import { explainDenial } from '../plans/explain-denial.ts';
import type { SharedLimits } from '../plans/shared-limits.ts';
import type { Authorized } from './authorize.ts';
import { shrinkToFit } from './shrink.ts';

/** A call whose worst case is held on every limit that applies to it. */
export interface Admitted extends Authorized {
  readonly inFlight: InFlightCall;
  readonly held: Amounts;
  readonly standing: Standing;
  /** Admitted without the store, which failed. */
  readonly degraded: boolean;
}

/** Slots and unsent holds come back by themselves this long after a process died. */
export const LEASE_MS = 90_000;
const UNSENT = { durationMs: LEASE_MS, dispatched: false };
/** Asks every limit at once; a grant is a hold, and a denial leaves no trace. */
export function createAdmit(
  ledger: Ledger,
  calls: InFlightCalls,
  limits: SharedLimits,
  clock: Clock,
): (authorized: Authorized) => Promise<Admitted | Denial> {
  const holdId = createHoldIds();
  const hold = (call: InFlightCall, claims: readonly Claim[], bound: Amounts) => {
    call.id = holdId();
    return ledger.reserve(call.id, claims, bound, UNSENT);
  };
  const admit = async (authorized: Authorized, inFlight: InFlightCall) => {
    const nowMs = clock.nowMs();
    const accounts = accountsOf(
      authorized.identity,
      authorized.plan.limits,
      limits.for(authorized.identity.user),
      nowMs,
    );
    let fitted = authorized;
    let decision = await hold(inFlight, accounts.claims, fitted.bound);
    if (!decision.granted) {
      const smaller = shrinkToFit(fitted, decision, accounts);
      if (smaller === undefined) return denied(decision, accounts, nowMs);
      fitted = smaller;
      decision = await hold(inFlight, accounts.claims, fitted.bound);
      if (!decision.granted) return denied(decision, accounts, nowMs);
    }
    const degraded = decision.degraded === true;
    // Where everything stands is not known then, and headers do not guess.
    const standing = degraded
      ? NO_STANDING
      : { limits: accounts.ownLimits, balances: decision.balances };
    return { ...fitted, inFlight, held: fitted.bound, standing, degraded };
  };
  return async (authorized) => {
    // Known as in flight before it holds anything, so that no block can pass it by.
    const inFlight = calls.begin(authorized.identity.user.id);
    authorized.request.onGone(() => stopCall(inFlight, 'gone'));
    let admitted: Admitted | Denial | undefined;
    try {
      admitted = await admit(authorized, inFlight);
      return admitted;
    } finally {
      if (admitted === undefined || isDenial(admitted)) calls.end(inFlight);
    }
  };
}

const NO_STANDING: Standing = { limits: [], balances: [] };

function denied(decision: NotGranted, accounts: Accounts, nowMs: number): Denial {
  const denial = explainDenial(decision, accounts, nowMs);
  return decision.degraded ? { ...denial, standing: NO_STANDING, degraded: true } : denial;
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
export function renewLease(ledger: Ledger, call: InFlightCall, nowMs: number): void {
  if (nowMs - call.renewedAtMs < LEASE_MS / 3) return;
  call.renewedAtMs = nowMs;
  const { id, dispatched } = call;
  const renew = async () => ledger.renew(id, { durationMs: LEASE_MS, dispatched });
  // A renewal that fails is tried again; a settlement after the lease still counts, once.
  renew().catch(() => {
    call.renewedAtMs = 0;
  });
}
