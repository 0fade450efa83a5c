import { type Denial, deny } from '../core/denial.ts';
import { refusesEncryptedReasoning } from '../openai/request/encrypted-reasoning.ts';
import type { Target } from '../upstream/target.ts';
import type { UpstreamError } from '../upstream/transport.ts';
import type { UpstreamKey } from '../upstream/upstream-keys.ts';
import { atStart } from '../upstream/upstream-label.ts';
import type { Refusal } from '../upstream/upstream-refusal.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import {
  type Attempt,
  gaveUp,
  type OnQueued,
  stopped,
  unanswered,
  type WaitParts,
  waitForTurn,
} from './attempt.ts';
import { cutOutcome, hostOf, labelOf } from './cut-outcome.ts';
import { type HoldAgainParts, holdAgain } from './hold-again.ts';
import { passedErrorHeaders } from './passed-headers.ts';
import { applyRefusal, type RefusalParts, refusedOutcome } from './refusal-effects.ts';
import type { Refused, Unreached } from './send.ts';
import type { Outcome, Tagged, Unanswered } from './states.ts';
import { reportRefusal, reportSilence } from './upstream-reports.ts';

export interface NextAttemptParts extends RefusalParts, WaitParts, HoldAgainParts {
  readonly upstreams: Pick<Upstreams, 'routeOf' | 'narrowed' | 'serves'>;
  readonly retries: {
    /** How often a call is sent again after an error of the server. */
    readonly serverErrors: number;
  };
}

/** A request that got no answer, and what it was sent with. */
interface Failed {
  readonly tagged: Tagged;
  readonly attempt: Attempt;
  readonly key: UpstreamKey;
}

type Next = Attempt | Unanswered;

/**
 * Decides what follows a request that was not answered. It is sent again only if the upstream provably did
 * no work for it, or, with `retries.serverErrors`, after an error of the server.
 */
export function nextAttempt(
  sent: Refused | Unreached,
  failed: Failed,
  parts: NextAttemptParts,
): Promise<Next> {
  return sent.kind === 'unreached'
    ? afterSilence(sent.error, failed, parts)
    : afterRefusal(sent, failed, parts);
}

async function afterSilence(
  error: UpstreamError,
  failed: Failed,
  parts: NextAttemptParts,
): Promise<Next> {
  const { tagged, attempt } = failed;
  const isStopped = tagged.inFlight.stopped !== undefined;
  attempt.turn.departure.failed(error.sent, isStopped);
  if (isStopped) return stopped(tagged, abandoned(tagged, error));
  if (!error.sent && attempt.unsent < UNSENT_MAX) {
    // The same upstream often takes it the second time: a connection that it had kept was closed.
    if (othersOf(attempt).length > 0) reportSilence(error, tagged, parts, false);
    return elsewhere(failed, { unsent: attempt.unsent + 1 }, parts);
  }
  reportSilence(error, tagged, parts, true);
  const denial = denialOf(error, labelOf(tagged));
  return unanswered(tagged, denial, { kind: error.sent ? 'held' : 'unserved' });
}

/** A call of which nothing was sent is sent once more, or once to each other target. */
const UNSENT_MAX = 1;

function denialOf({ sent, timedOut }: UpstreamError, label: string): Denial {
  const shouldRetry = !sent;
  return timedOut
    ? deny('upstream_timeout', `${atStart(label)} did not answer in time.`, { shouldRetry })
    : deny('upstream_failed', `The connection to ${label} failed.`, { shouldRetry });
}

/** Returns the charge of a call that was stopped before it was answered. */
function abandoned(tagged: Tagged, { sent }: UpstreamError): Outcome | undefined {
  if (!sent) return undefined;
  // An answer that comes whole may have been written whole by then.
  return tagged.built.stream ? cutOutcome(tagged, hostOf(tagged), 0) : { kind: 'held' };
}

async function afterRefusal(
  refused: Refused,
  failed: Failed,
  parts: NextAttemptParts,
): Promise<Next> {
  const { refusal, header } = refused;
  const { tagged, attempt, key } = failed;
  const { departure, outlet } = attempt.turn;
  if (refusal.passing && !outlet.hasSeveralKeys) {
    departure.refused(refusal.status, header);
    return tagged.inFlight.stopped === undefined
      ? backInQueue(failed, {}, parts, refused)
      : stopped(tagged);
  }
  departure.answered(header, refusal.status);
  if (tagged.inFlight.stopped !== undefined)
    return stopped(tagged, refusedOutcome(refusal, tagged));
  if (refusal.status === KEY_REFUSED && attempt.otherKey === undefined) {
    const other = await outlet.upstream.keys.keyAfter(key, tagged.identity.user, tagged.plan.name);
    if (tagged.inFlight.stopped !== undefined) return stopped(tagged);
    const otherKey = other && { of: outlet, key: other };
    if (otherKey !== undefined) return backInQueue(failed, { otherKey }, parts);
  }
  if (asksTooMuch(refusal, failed)) {
    outlet.hasNoReasoning = true;
    return backInQueue(failed, { withoutReasoning: true }, parts);
  }
  // Not before another key was tried: a key that rotates is no trouble of the account.
  if (refusal.account) outlet.noteAccountTrouble();
  const others = othersOf(attempt, refusal.noModel);
  if ((refusal.account || refusal.noModel) && others.length > 0) {
    await applyRefusal(refused, tagged, parts, false);
    return atOneOf(others, failed, {}, parts);
  }
  if (refusal.status >= 500 && attempt.serverErrors < parts.retries.serverErrors) {
    const serverErrors = attempt.serverErrors + 1;
    if (await holdAgain(tagged, parts)) {
      reportRefusal(refused, tagged, parts, false);
      return elsewhere(failed, { serverErrors }, parts);
    }
  }
  const ending = await applyRefusal(refused, tagged, parts);
  const headers = passedErrorHeaders(header, refused.redaction);
  return unanswered(tagged, ending, refusedOutcome(refusal, tagged), headers);
}

const KEY_REFUSED = 401;

/** The guard, and not the client, asked for reasoning that the model does not have. It is asked once. */
const asksTooMuch = ({ status, error }: Refusal, { tagged, attempt }: Failed): boolean =>
  tagged.built.losesReasoning &&
  attempt.withoutReasoning !== true &&
  refusesEncryptedReasoning(status, error);

/** The targets of other upstreams; those of other models too, if only the model was not there. */
const othersOf = ({ route, turn: { outlet } }: Attempt, isModel = false): readonly Target[] =>
  route.targets.filter((target) =>
    isModel ? target !== outlet : target.upstream !== outlet.upstream,
  );

/** Back to the head of its user's queue, as if it had not had its turn. */
async function backInQueue(
  { tagged, attempt }: Failed,
  changed: Partial<Attempt>,
  parts: NextAttemptParts,
  refused?: Refused,
): Promise<Next> {
  const { route, turn } = attempt;
  const next = await waitForTurn(tagged, (onQueued) => route.queue.putBack(turn, onQueued), parts);
  return next === undefined
    ? gaveUp(tagged, parts, refused)
    : { ...attempt, ...changed, turn: next };
}

/** To another upstream; to the same one again if there is no other. */
async function elsewhere(
  failed: Failed,
  changed: Partial<Attempt>,
  parts: NextAttemptParts,
): Promise<Next> {
  const others = othersOf(failed.attempt);
  return others.length === 0
    ? backInQueue(failed, changed, parts)
    : atOneOf(others, failed, changed, parts);
}

async function atOneOf(
  others: readonly Target[],
  { tagged, attempt }: Failed,
  changed: Partial<Attempt>,
  parts: NextAttemptParts,
): Promise<Next> {
  const route = parts.upstreams.narrowed(attempt.route, others);
  attempt.turn.place();
  const join = (onQueued: OnQueued) => route.queue.wait(tagged.queued, onQueued);
  const turn = await waitForTurn(tagged, join, parts);
  return turn === undefined ? gaveUp(tagged, parts) : { ...attempt, ...changed, route, turn };
}
