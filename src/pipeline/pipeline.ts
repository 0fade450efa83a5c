import { isPromiseLike } from '../base/deadline.ts';
import { isDenial } from '../core/denial.ts';
import type { GuardResponse } from '../core/response.ts';
import type { LimitDenial } from '../plans/explain-denial.ts';
import { type AdmitParts, admit } from './admit.ts';
import { type AuthorizeParts, authorize } from './authorize.ts';
import { type CallParts, call } from './call.ts';
import { refuse } from './denial-response.ts';
import { type IdentifyParts, identify } from './identify.ts';
import { type MeterParts, meter } from './meter.ts';
import { type SettleParts, settle } from './settle.ts';
import type { Admitted, Identified, Metered, Outcome, Requested, Tagged } from './states.ts';
import { type TagParts, tag } from './tag.ts';

/** What the steps of one guard work with. Each step declares what it uses, and sees nothing else. */
export interface PipelineParts
  extends IdentifyParts,
    AuthorizeParts,
    AdmitParts,
    TagParts,
    CallParts,
    MeterParts,
    SettleParts {}

/**
 * Runs one call, from HTTP or from code, through the seven steps:
 *
 *     identify → authorize → admit → tag → call → meter → settle
 *
 * The order is fixed, because a hold and its settlement must pair on every way out. Types carry it: a
 * step takes what the step before it returned, so another order does not compile. What an app composes
 * is inside the steps: authenticators, plans and limits, end-user ids, ledgers, upstreams.
 *
 * A step returns a value when it can and a promise only when it must wait. A value is not awaited: each
 * `await` costs a call a promise. Rejects with what a step threw; by then the hold is settled.
 */
export async function runPipeline(
  requested: Requested,
  parts: PipelineParts,
): Promise<GuardResponse> {
  const identifying = identify(requested, parts);
  const identified = isPromiseLike(identifying) ? await identifying : identifying;
  if (isDenial(identified)) return refuse(identified, requested, parts);

  const authorizing = authorize(identified, parts);
  const authorized = isPromiseLike(authorizing) ? await authorizing : authorizing;
  if (isDenial(authorized)) return refuseUser(authorized, identified, parts);
  if ('response' in authorized) return authorized.response;

  const admitting = admit(authorized, parts);
  const admitted = isPromiseLike(admitting) ? await admitting : admitting;
  if (isDenial(admitted)) return refuseUser(admitted, authorized, parts);

  // From here on something is held. Whatever happens, `settle` is called exactly once.
  let metered: Metered;
  try {
    metered = meter(await call(tagInTurn(admitted, parts), parts), parts);
  } catch (error) {
    await settle(admitted, outcomeOfFailure(admitted), parts);
    throw error;
  }
  // A stream ends long after this function, so the settlement follows the meter, not the return.
  if (metered.outcome instanceof Promise) {
    void metered.outcome.then((outcome) => settle(admitted, outcome, parts));
  } else {
    void settle(admitted, metered.outcome, parts, metered.response.headers);
  }
  return metered.response;
}

/** Refuses a call of a known user. If its request is invalid, it is counted. */
function refuseUser(denial: LimitDenial, call: Identified, parts: PipelineParts): GuardResponse {
  parts.invalidRequests.count(call.identity.user.id, denial.code);
  return refuse(denial, call, parts);
}

/** A call that cannot be tagged does not use its turn. */
function tagInTurn(admitted: Admitted, parts: TagParts): Tagged {
  try {
    return tag(admitted, parts);
  } catch (error) {
    admitted.turn?.departure.failed(false, true);
    throw error;
  }
}

/** What a call is charged in which a step threw. */
function outcomeOfFailure({ inFlight }: Admitted): Outcome {
  return inFlight.dispatched ? { kind: 'held' } : { kind: 'nothing' };
}
