import { isPromiseLike, type Soon } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { GuardResponse } from '../core/response.ts';
import type {
  Admitted,
  Answered,
  Authorized,
  Called,
  Identified,
  Metered,
  Outcome,
  Refuse,
  Requested,
  Tagged,
} from './states.ts';

/**
 * The line that every call walks, from HTTP or from code:
 *
 *     identify → authorize → admit → tag → call → meter → settle
 *
 * The order is fixed, because a hold and its settlement must pair on every way out, and carried by
 * types: a stage takes what the stage before it made, so another order does not compile. What an app
 * composes is inside the stages: authenticators, plans and limits, end-user ids, ledgers, upstreams.
 */
export interface Pipeline {
  /** Who is this? */
  identify(requested: Requested): Soon<Identified | Denial>;
  /** May this user use this endpoint, this model, these parameters? */
  authorize(identified: Identified): Soon<Authorized | Answered | Denial>;
  /** Does it fit in every limit? Holds what it may cost, on all of them or on none. */
  admit(authorized: Authorized): Soon<Admitted | Denial>;
  /** Marks the call with an end-user id that OpenAI can tell apart and nobody can read. */
  tag(admitted: Admitted): Tagged;
  /** Waits for a turn and calls OpenAI with the server's key. */
  call(tagged: Tagged): Soon<Called>;
  /** Passes the answer through unchanged and reads the true usage from it. */
  meter(called: Called): Metered;
  /** Posts what was used and frees the rest; never throws, never called twice for one hold. */
  settle(admitted: Admitted, outcome: Outcome): Promise<void>;
  readonly refuse: Refuse;
}

export async function runPipeline(line: Pipeline, requested: Requested): Promise<GuardResponse> {
  const who = line.identify(requested);
  const identified = isPromiseLike(who) ? await who : who;
  if (isDenial(identified)) return line.refuse(identified, requested);
  const allowed = line.authorize(identified);
  const authorized = isPromiseLike(allowed) ? await allowed : allowed;
  if (isDenial(authorized)) return line.refuse(authorized, identified);
  if ('response' in authorized) return authorized.response;
  const asked = line.admit(authorized);
  const admitted = isPromiseLike(asked) ? await asked : asked;
  if (isDenial(admitted)) return line.refuse(admitted, authorized);

  // From here on something is held: whatever happens, `settle` is called exactly once.
  let metered: Metered;
  try {
    metered = line.meter(await line.call(line.tag(admitted)));
  } catch (error) {
    await line.settle(
      admitted,
      admitted.inFlight.dispatched ? { kind: 'held' } : { kind: 'nothing' },
    );
    throw error;
  }
  // A stream ends long after this function, so the settlement follows the meter, not the return.
  if (metered.outcome instanceof Promise) {
    void metered.outcome.then((outcome) => line.settle(admitted, outcome));
  } else {
    void line.settle(admitted, metered.outcome);
  }
  return metered.response;
}
