import { LRUCache } from 'lru-cache';
import { type Denial, deny } from '../core/denial.ts';
import { ANY_KEY, type Records } from '../ledger/records.ts';
import type { UserOverrides } from '../plans/plan-resolver.ts';

export interface Block {
  readonly reason: string;
  /** Unix ms; `undefined` blocks until unblocked. */
  readonly untilMs?: number;
}

/** What the operator decided about one user. It is kept in the ledger's store. */
export interface UserState extends UserOverrides {
  readonly block?: Block;
  /** Tokens of an earlier generation are revoked. */
  readonly generation: number;
  /** Revoked families of refreshed tokens, each kept until its last token would have ended. */
  readonly revoked?: readonly RevokedFamily[];
}

interface RevokedFamily {
  readonly family: string;
  readonly untilMs: number;
}

const NEW_USER: UserState = { generation: 0 };
const PREFIX = 'user:';
const CACHED_USERS_MAX = 20_000;
const WRITE_ATTEMPTS_MAX = 20;

type StateListener = (userId: string | undefined) => void;

/** The states of all users, from the ledger's store. */
export class UserStates {
  readonly #records: Records;
  readonly #cache = new LRUCache<string, UserState>({ max: CACHED_USERS_MAX });
  readonly #listeners = new Set<StateListener>();
  readonly #unwatch: () => void;
  #changes = 0;

  constructor(records: Records) {
    this.#records = records;
    this.#unwatch = records.watch((key) => this.#forget(key));
  }

  /** Returns a state that is at most 1 s old, whichever process changed it. */
  get(userId: string): UserState | Promise<UserState> {
    return this.#cache.get(userId) ?? this.#load(userId);
  }

  /** Writes `change(current)`, and repeats this if another process wrote in between. */
  async update(userId: string, change: (state: UserState) => UserState): Promise<UserState> {
    for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt += 1) {
      const stored = await this.#records.get(PREFIX + userId);
      const state = change(parseState(stored?.value));
      const ifVersion = stored?.version ?? 0;
      const value = JSON.stringify(state);
      if (await this.#records.put(PREFIX + userId, value, { ifVersion })) return state;
    }
    throw new Error('The state of a user kept changing during the write. Repeat the call.');
  }

  /** Calls `listener` with every user whose state changed, in any process, within 1 s. `undefined` means
   * that any user can have changed. */
  onChange(listener: StateListener): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#unwatch();
  }

  async #load(userId: string): Promise<UserState> {
    const changesBefore = this.#changes;
    const state = parseState((await this.#records.get(PREFIX + userId))?.value);
    // A change during the read can concern this user.
    if (this.#changes === changesBefore) this.#cache.set(userId, state);
    return state;
  }

  #forget(key: string): void {
    if (key !== ANY_KEY && !key.startsWith(PREFIX)) return;
    this.#changes += 1;
    const userId = key === ANY_KEY ? undefined : key.slice(PREFIX.length);
    if (userId === undefined) this.#cache.clear();
    else this.#cache.delete(userId);
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

export function activeBlock(state: UserState, nowMs: number): Block | undefined {
  const { block } = state;
  if (block === undefined) return undefined;
  return block.untilMs === undefined || block.untilMs > nowMs ? block : undefined;
}
