import type { Clock } from '../base/clock.ts';
import type { Denial } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { GuardResponse } from '../core/response.ts';
import { billFor } from '../upstream/dialects/refusal-bill.ts';
import type { Refusal } from '../upstream/upstream-refusal.ts';
import { type BlockedIdentifier, IDENTIFIER_BLOCKED } from '../users/identifier-block.ts';
import { justRestricted, type RestrictedModel } from '../users/model-pause.ts';
import { blockedDenial } from '../users/user-states.ts';
import type { Outcome, Tagged } from './states.ts';
import { type RefusedReply, reportRefusal } from './upstream-reports.ts';

export interface RefusalParts {
  readonly events: Events;
  readonly clock: Clock;
  /** Never rejects. */
  readonly blockIdentifier: (blocked: BlockedIdentifier) => Promise<void>;
  /** Never rejects. */
  readonly pauseModel: (restricted: RestrictedModel) => Promise<void>;
}

/**
 * Does what a refusal of OpenAI entails, whether it came as a status, as an event of a stream or inside a
 * whole answer: reports it, blocks a user, pauses a model. Returns what the client gets. `final`: the call
 * ends with it. Never rejects.
 */
export async function applyRefusal(
  refused: RefusedReply,
  tagged: Tagged,
  parts: RefusalParts,
  final = true,
): Promise<Denial | GuardResponse> {
  reportRefusal(refused, tagged, parts, final);
  const { ending, verdict } = refused.refusal;
  const { identity, endUserId, built } = tagged;
  if (verdict === undefined) return ending;
  const { model } = built;
  const call = { userId: identity.user.id, endUserId, message: verdict.message };
  if (verdict.kind === 'restricted') {
    await parts.pauseModel({ ...call, model });
    return justRestricted(model, parts.clock.nowMs());
  }
  await parts.blockIdentifier(call);
  return blockedDenial(IDENTIFIER_BLOCKED);
}

/** Returns what a refused call is charged. Some hosts bill work that they refuse to show. */
export function refusedOutcome(refusal: Refusal, { inFlight }: Pick<Tagged, 'inFlight'>): Outcome {
  const bills = inFlight.target && billFor(inFlight.target.upstream.dialect, refusal);
  if (bills === 'input') return { kind: 'visible', outputTokens: 0 };
  if (bills === 'all') return { kind: 'held' };
  return { kind: refusal.forContent ? 'refused' : 'unserved' };
}
