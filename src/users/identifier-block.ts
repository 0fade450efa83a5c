import type { Clock } from '../base/clock.ts';
import { activeBlock } from '../core/block.ts';
import type { Events } from '../core/events.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { UserStates } from './user-states.ts';
import type { Users } from './users.ts';

/** A call that OpenAI refused because it has blocked the user. */
export interface BlockedIdentifier {
  readonly userId: string;
  readonly endUserId: string;
  /** OpenAI's message. */
  readonly message: string;
}

interface IdentifierBlockParts {
  readonly users: Pick<Users, 'block'>;
  readonly states: UserStates;
  readonly events: Events;
  readonly clock: Clock;
}

const REASON_LENGTH_MAX = 500;

/** The reason of such a block. It is shown to the user. */
export const IDENTIFIER_BLOCKED = 'OpenAI no longer serves this user.';

/**
 * Blocks a user that OpenAI has blocked, so that their next calls do not reach OpenAI. Calls at the same
 * time cause one block. Never rejects. The block stays until you end it. OpenAI's own block stays even then
 * (its guide, read 2026-11).
 */
export function createIdentifierBlock(
  parts: IdentifierBlockParts,
): (blocked: BlockedIdentifier) => Promise<void> {
  const userOf = ({ userId }: BlockedIdentifier) => userId;
  return oneAtATime(parts.events, userOf, (blocked) => blockOnce(parts, blocked));
}

async function blockOnce(
  { users, states, events, clock }: IdentifierBlockParts,
  { userId, endUserId, message }: BlockedIdentifier,
): Promise<void> {
  if (activeBlock(await states.get(userId), clock.nowMs()) !== undefined) return;
  await users.block(userId, { reason: IDENTIFIER_BLOCKED });
  const kind = 'identifier_blocked';
  const reason = message.slice(0, REASON_LENGTH_MAX);
  events.emit('safety', { kind, userId, endUserId, reason, caseId: undefined });
}
