import type { Clock } from '../base/clock.ts';
import type { Events } from '../core/events.ts';
import { activeBlock, type UserStates } from './user-states.ts';
import type { Users } from './users.ts';

/** A call whose user OpenAI no longer serves. */
export interface BlockedIdentifier {
  readonly userId: string;
  readonly endUserId: string;
  /** OpenAI's own words. */
  readonly message: string;
}

export interface IdentifierBlockParts {
  readonly users: Pick<Users, 'block'>;
  readonly states: UserStates;
  readonly events: Events;
  readonly clock: Clock;
}

const WORDS_LENGTH_MAX = 500;

/** Why such a user is blocked here; shown to the user. */
export const IDENTIFIER_BLOCKED = 'OpenAI no longer serves this user.';

/**
 * Blocks here whom OpenAI has blocked, so that no further call of theirs reaches it; once, however many
 * calls say so. Never rejects: a store that fails is an event, and the next call tries again. The block
 * stays until you end it; OpenAI's own stays all the same (its guide, read 2026-11).
 */
export function createIdentifierBlock(
  parts: IdentifierBlockParts,
): (blocked: BlockedIdentifier) => Promise<void> {
  // At most one for each user with calls in flight.
  const underWay = new Map<string, Promise<void>>();
  return (blocked) => {
    const { userId } = blocked;
    const known = underWay.get(userId);
    if (known !== undefined) return known;
    const blocking = blockOnce(parts, blocked)
      .catch((error: unknown) => parts.events.emit('failed', { what: 'ledger', error }))
      .finally(() => underWay.delete(userId));
    underWay.set(userId, blocking);
    return blocking;
  };
}

async function blockOnce(
  { users, states, events, clock }: IdentifierBlockParts,
  { userId, endUserId, message }: BlockedIdentifier,
): Promise<void> {
  if (activeBlock(await states.get(userId), clock.nowMs()) !== undefined) return;
  await users.block(userId, { reason: IDENTIFIER_BLOCKED });
  const kind = 'identifier_blocked';
  const reason = message.slice(0, WORDS_LENGTH_MAX);
  events.emit('safety', { kind, userId, endUserId, reason, caseId: undefined });
}
