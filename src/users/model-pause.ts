import type { Clock } from '../base/clock.ts';
import type { Denial } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { BlockedIdentifier } from './identifier-block.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { activePause, restrictedDenial, type UserState, type UserStates } from './user-states.ts';

/** A call that OpenAI refused because it has restricted the user's access to its model. */
export interface RestrictedModel extends BlockedIdentifier {
  readonly model: string;
}

const PAUSE_MS = 10 * 60_000;
/** For each user. The one that ends first gives way, and its next call reaches OpenAI. */
const PAUSES_MAX = 16;
const REASON_LENGTH_MAX = 500;

interface ModelPauseParts {
  readonly states: UserStates;
  readonly events: Events;
  readonly clock: Clock;
}

/**
 * Pauses one model for one user for 10 minutes, in every process within 1 s, so that calls which OpenAI
 * would refuse do not reach it. OpenAI calls such a restriction temporary and does not say when it ends.
 * Calls at the same time cause one pause and one event. Never rejects.
 */
export function createModelPause(
  parts: ModelPauseParts,
): (restricted: RestrictedModel) => Promise<void> {
  const keyOf = ({ userId, model }: RestrictedModel) => JSON.stringify([userId, model]);
  return oneAtATime(parts.events, keyOf, (restricted) => pauseOnce(parts, restricted));
}

async function pauseOnce(
  { states, events, clock }: ModelPauseParts,
  { userId, endUserId, model, message }: RestrictedModel,
): Promise<void> {
  const nowMs = clock.nowMs();
  if (activePause(await states.get(userId), model, nowMs) !== undefined) return;
  await states.update(userId, (state) => withPause(state, model, nowMs));
  const reason = message.slice(0, REASON_LENGTH_MAX);
  const kind = 'restricted';
  events.emit('safety', { kind, userId, endUserId, model, reason, caseId: undefined });
}

function withPause(state: UserState, model: string, nowMs: number): UserState {
  const others = (state.pauses ?? []).filter(
    (pause) => pause.untilMs > nowMs && pause.model !== model,
  );
  const pauses = [...others, { model, untilMs: nowMs + PAUSE_MS }].slice(-PAUSES_MAX);
  return { ...state, pauses };
}

/** The denial of the call that OpenAI refused, which begins the pause. */
export const justRestricted = (model: string, nowMs: number): Denial =>
  restrictedDenial(model, nowMs + PAUSE_MS);
