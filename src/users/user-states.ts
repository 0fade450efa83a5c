import { LRUCache } from 'lru-cache';
import { type Denial, deny } from '../core/denial.ts';
import { ANY_KEY, type Records } from '../ledger/records.ts';
import type { Decided } from '../plans/plan-book.ts';

export interface Block {
  readonly reason: string;
  /** Unix ms; `undefined` blocks until unblocked. */
  readonly untilMs?: number;
}

/** What the operator decided about one user; lives in the ledger's store. */
export interface UserState extends Decided {
  readonly block?: Block;
  /** Tokens of an earlier generation are revoked. */
  readonly generation: number;
  /** Families of refreshed tokens that are revoked, until the last of each would have ended. */
  readonly revoked?: readonly RevokedFamily[];
}

export interface RevokedFamily {
  readonly family: string;
  readonly untilMs: number;
}

export interface UserStates {
  /** The state as of at most 1 s ago, from any process. */
  get(userId: string): UserState | Promise<UserState>;
  /** Writes `change(current)`, repeating when another process wrote in between. */
  update(userId: string, change: (state: UserState) => UserState): Promise<UserState>;
  /** Tells of every user whose state changed, from any process, within 1 s; `undefined` says that any
   * may have. */
  onChange(listener: (userId: string | undefined) => void): void;
  close(): void;
}

const NEW_USER: UserState = { generation: 0 };
const PREFIX = 'user:';
const CACHED_USERS_MAX = 20_000;
const WRITE_ATTEMPTS_MAX = 20;

export function createUserStates(records: Records): UserStates {
  const cache = new LRUCache<string, UserState>({ max: CACHED_USERS_MAX });
  const listeners = new Set<(userId: string | undefined) => void>();
  let changes = 0;
  const unwatch = records.watch((key) => {
    if (key !== ANY_KEY && !key.startsWith(PREFIX)) return;
    changes += 1;
    const userId = key === ANY_KEY ? undefined : key.slice(PREFIX.length);
    if (userId === undefined) cache.clear();
    else cache.delete(userId);
    for (const listener of listeners) listener(userId);
  });

  const load = async (userId: string): Promise<UserState> => {
    const changesBefore = changes;
    const state = parseState((await records.get(PREFIX + userId))?.value);
    // What changed while it was read may have been this user.
    if (changes === changesBefore) cache.set(userId, state);
    return state;
  };

  return {
    get: (userId) => cache.get(userId) ?? load(userId),
    async update(userId, change) {
      for (let attempt = 0; attempt < WRITE_ATTEMPTS_MAX; attempt += 1) {
        const stored = await records.get(PREFIX + userId);
        const state = change(parseState(stored?.value));
        const ifVersion = stored?.version ?? 0;
        if (await records.put(PREFIX + userId, JSON.stringify(state), { ifVersion })) return state;
      }
      throw new Error('The state of a user kept changing under our write; repeat the call.');
    },
    onChange: (listener) => void listeners.add(listener),
    close: unwatch,
  };
}

function parseState(value: string | undefined): UserState {
  return value === undefined ? NEW_USER : (JSON.parse(value) as UserState);
}

const REVOKED_MAX = 64;

/** Past that many at once all tokens of the user are revoked, so that a state stays small. */
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
