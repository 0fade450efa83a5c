import type { Block } from '../core/block.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { DecidedGroups } from '../groups/user-groups.ts';
import { RecordStates } from '../ledger/record-states.ts';
import type { Records } from '../ledger/records.ts';
import type { UserOverrides } from '../plans/plan-resolver.ts';
import type { Purchases } from './purchases.ts';

/** A model that a user may not call for a while, because OpenAI has restricted it for them. */
export interface ModelPause {
  readonly model: string;
  /** Unix ms. */
  readonly untilMs: number;
}

/** What the operator decided about one user. It is kept in the ledger's store. */
export interface UserState extends UserOverrides, DecidedGroups {
  readonly block?: Block;
  /** Tokens of an earlier generation are revoked. */
  readonly generation: number;
  /** Revoked families of refreshed tokens, each kept until its last token would have ended. */
  readonly revoked?: readonly RevokedFamily[];
  /** Models that OpenAI has restricted for this user. */
  readonly pauses?: readonly ModelPause[];
  /** What they bought, as billing providers reported it. */
  readonly purchases?: Purchases;
}

interface RevokedFamily {
  readonly family: string;
  readonly untilMs: number;
}

/** The states of all users, by their ids. */
export class UserStates extends RecordStates<UserState> {
  constructor(records: Records) {
    super(records, { prefix: 'user:', initial: { generation: 0 }, what: 'The state of a user' });
  }
}

const REVOKED_MAX = 64;

/** Revokes one family. Beyond 64 it revokes all tokens of the user, so that a state stays small. */
export function revokeFamily(state: UserState, revoked: RevokedFamily, nowMs: number): UserState {
  const { revoked: earlier = [], ...rest } = state;
  const still = [...earlier.filter(({ untilMs }) => untilMs > nowMs), revoked];
  if (still.length <= REVOKED_MAX) return { ...rest, revoked: still };
  return { ...rest, generation: state.generation + 1 };
}

export function blockedDenial(reason: string): Denial {
  return deny('user_blocked', `This account is blocked: ${reason}`);
}

export function activePause(
  { pauses }: UserState,
  model: string,
  nowMs: number,
): ModelPause | undefined {
  return pauses?.find((pause) => pause.model === model && pause.untilMs > nowMs);
}

/** `resetsAtMs`: when the pause ends. */
export function restrictedDenial(model: string, resetsAtMs: number): Denial {
  const message = `OpenAI has restricted your access to the model "${model}" for now.`;
  return deny('model_restricted', message, { param: 'model', resetsAtMs });
}
