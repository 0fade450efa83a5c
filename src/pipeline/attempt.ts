import type { Clock } from '../base/clock.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { GuardResponse, HeaderList } from '../core/response.ts';
import type { Turn } from '../upstream/queue/turn.ts';
import type { UpstreamQueue } from '../upstream/queue/upstream-queue.ts';
import type { Target } from '../upstream/target.ts';
import type { UpstreamKey } from '../upstream/upstream-keys.ts';
import type { Route } from '../upstream/upstreams.ts';
import { passedErrorHeaders } from './passed-headers.ts';
import { busy } from './queueing.ts';
import type { Outcome, Tagged, Unanswered } from './states.ts';
import { type RefusedReply, reportNoTurn, reportRefusal } from './upstream-reports.ts';

/** One try to have a call answered: it has a turn at one target. */
export interface Attempt {
  /** Where the call may still be sent. */
  readonly route: Route;
  readonly turn: Turn<Target>;
  /** Another key than the one that this target refused. */
  readonly otherKey?: { readonly of: Target; readonly key: UpstreamKey } | undefined;
  /** The model has no reasoning to encrypt, so it is not asked for any. */
  readonly withoutReasoning?: boolean | undefined;
  /** How many requests of this call were provably not sent. */
  readonly unsent: number;
  /** How many requests of this call ended in an error of the server. */
  readonly serverErrors: number;
}

export interface WaitParts {
  readonly events: Events;
  readonly clock: Clock;
}

/** Is given what stops the wait. */
export type OnQueued = Parameters<UpstreamQueue<Target>['wait']>[1];

/** Waits until the call has a turn. `undefined`: it waited in vain, or it was stopped. */
export async function waitForTurn(
  tagged: Tagged,
  wait: (onQueued: OnQueued) => Promise<Turn<Target> | undefined>,
  { events, clock }: WaitParts,
): Promise<Turn<Target> | undefined> {
  const { inFlight, identity, plan, built } = tagged;
  const startedAtMs = clock.nowMs();
  const turn = await wait((waiting) => inFlight.run(waiting));
  const waitedMs = Math.max(0, clock.nowMs() - startedAtMs);
  if (waitedMs === 0 && turn !== undefined) return turn;
  inFlight.waitedMs += waitedMs;
  events.emit('waited', {
    callId: inFlight.id,
    userId: identity.user.id,
    plan: plan.name,
    model: built.model,
    upstream: turn?.outlet.upstream.name,
    waitedMs,
  });
  return turn;
}

/** The end of a call that got no turn. `refused`: the last upstream was too busy for it. */
export function gaveUp(tagged: Tagged, parts: WaitParts, refused?: RefusedReply): Unanswered {
  if (tagged.inFlight.stopped !== undefined) return stopped(tagged);
  if (refused === undefined) reportNoTurn(tagged, parts);
  else reportRefusal(refused, tagged, parts, true);
  const headers = refused && passedErrorHeaders(refused.header, refused.redaction);
  const denial = busy(tagged.route, parts.clock.nowMs());
  return unanswered(tagged, denial, unservedOutcome(tagged), headers);
}

const DISCONNECTED = deny('upstream_failed', 'The client left before the answer.');

/** The end of a call that was stopped. `outcome`: what it may have cost. */
export function stopped(tagged: Tagged, outcome: Outcome = unservedOutcome(tagged)): Unanswered {
  const reason = tagged.inFlight.stopped;
  const isDenied = reason !== undefined && reason !== 'disconnected';
  return unanswered(tagged, isDenied ? reason : DISCONNECTED, outcome);
}

/** Nothing was generated for the call. If it was sent, rates keep its request. */
const unservedOutcome = ({ inFlight }: Tagged): Outcome => ({
  kind: inFlight.dispatched ? 'unserved' : 'nothing',
});

export function unanswered(
  tagged: Tagged,
  ending: Denial | GuardResponse,
  outcome: Outcome,
  headers?: HeaderList,
): Unanswered {
  return { kind: 'unanswered', tagged, ending, outcome, headers };
}
