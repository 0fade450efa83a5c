import type { Block } from '../accounts/block.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { DecidedGroups } from '../groups/user-groups.ts';
import { RecordCache } from '../ledger/record-cache.ts';
import type { Records } from '../ledger/records.ts';
import { updateRecord } from '../ledger/update-record.ts';
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

const NEW_USER: UserState = { generation: 0 };
const PREFIX = 'user:';
const CACHED_USERS_MAX = 20_000;

type StateListener = (userId: string | undefined) => void;

/** The states of all users, from the ledger's store. */
export class UserStates {
  readonly #records: Records;
  readonly #cache: RecordCache<UserState>;
  readonly #listeners = new Set<StateListener>();

  constructor(records: Records) {
    this.#records = records;
    this.#cache = new RecordCache({
      records,
      prefix: PREFIX,
      max: CACHED_USERS_MAX,
      parse: parseState,
      onChange: (userId) => this.#tell(userId),
    });
  }

  /** Returns a state that is at most 1 s old, whichever process changed it. */
  get(userId: string): UserState | Promise<UserState> {
    return this.#cache.known(userId) ?? this.#load(userId);
  }

  /** Writes `change(current)`, and repeats this if another process wrote in between. */
  async update(userId: string, change: (state: UserState) => UserState): Promise<UserState> {
    const { value } = await updateRecord(this.#records, {
      key: PREFIX + userId,
      parse: parseState,
      change,
      what: 'The state of a user',
    });
    return value;
  }

  /** Calls `listener` with every user whose state changed, in any process, within 1 s. `undefined` means
   * that any user can have changed. */
  onChange(listener: StateListener): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#cache.close();
  }

  async #load(userId: string): Promise<UserState> {
    return (await this.#cache.read(userId)) ?? NEW_USER;
  }

  #tell(userId: string | undefined): void {
    for (const listener of this.#listeners) listener(userId);
  }
}

function parseState(value: string | undefined): UserState {
  return value === undefined ? NEW_USER : (JSON.parse(value) as UserState);
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
