import { setImmediate, setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { type Page, type PageSpec, pageOfRecords, parsePage } from '../accounts/page.ts';
import type { Clock } from '../base/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Finds the user of an end-user id, for notices from OpenAI. */
export interface EndUserIds {
  /** Stores the pair, at most once a month for each user and process. Returns at once. A failure is an
   * event, and the next call tries again. */
  remember(endUserId: string, userId: string): void;
  /** Returns the user of this id, stored by any process, up to 400 days after the last call; `undefined`
   * for an unknown id. */
  find(endUserId: string): Promise<string | undefined>;
  /** Returns users by pages; see `Users.list`. */
  list(page?: PageSpec): Promise<Page<ListedUser>>;
  /** Resolves when everything is written, or after 2 s. Anything left by then is dropped. */
  close(): Promise<void>;
}

/** A user who has called. */
export interface ListedUser {
  /** The user. */
  readonly userId: string;
  /** The id by which OpenAI knows them. */
  readonly endUserId: string;
}

interface Remembered {
  readonly userId: string;
  /** Unix ms. */
  readonly atMs: number;
}

const DAY_MS = 86_400_000;
const RETENTION_MS = 400 * DAY_MS;
const RENEWED_AFTER_MS = 30 * DAY_MS;
const CACHED_IDS_MAX = 20_000;
/** Few, so that the calls keep the connections to the store. */
const WRITES_AT_ONCE = 4;
/** Users beyond these are stored at a later call. */
const WRITES_MAX = 1_000;
const CLOSE_MS_MAX = 2_000;
const PREFIX = 'end-user-id:';
const ID_LENGTH_MAX = 64;

interface EndUserIdParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** With a ledger in this process only the last 20,000 users are found. Other ledgers store them as
 * records. */
export function createEndUserIds({ ledger, clock, onError }: EndUserIdParts): EndUserIds {
  const { records } = ledger;
  const cache = new LRUCache<string, Remembered>({ max: CACHED_IDS_MAX });
  const writes = new Set<Promise<void>>();
  const limitWrites = pLimit(WRITES_AT_ONCE);
  let closed = false;
  const isFresh = (known: Remembered | undefined, atMs: number) =>
    known !== undefined && atMs - known.atMs < RENEWED_AFTER_MS;

  const stored = async (endUserId: string): Promise<Remembered | undefined> => {
    const record = await records.get(PREFIX + endUserId);
    return record && (JSON.parse(record.value) as Remembered);
  };
  const write = async (endUserId: string, known: Remembered): Promise<void> => {
    // The call goes first, because a write to a store on this machine can block everything else.
    await setImmediate();
    if (closed) return;
    const before = await stored(endUserId);
    // Usually another process wrote it. Another write would notify every process again.
    if (before?.userId === known.userId && isFresh(before, known.atMs)) return;
    const condition = { expiresAtMs: known.atMs + RETENTION_MS };
    await records.put(PREFIX + endUserId, JSON.stringify(known), condition);
  };
  const begin = (endUserId: string, known: Remembered): void => {
    const writing = limitWrites(write, endUserId, known).catch((error: unknown) => {
      cache.delete(endUserId);
      onError(error);
    });
    writes.add(writing);
    void writing.then(() => writes.delete(writing));
  };

  /** The last 20,000 users of this process, in the order of their end-user ids. */
  const inProcess = ({ cursor = '', limit }: ReturnType<typeof parsePage>): Page<ListedUser> => {
    const keys = [...cache.keys()].filter((key) => key > cursor).sort();
    const shown = keys.slice(0, limit);
    const entries = shown.map((endUserId) => listed(endUserId, cache.peek(endUserId)));
    return { entries, cursor: keys.length > limit ? shown.at(-1) : undefined };
  };
  return {
    async list(given) {
      const page = parsePage(given, 'users.list');
      if (ledger.inProcess) return inProcess(page);
      return pageOfRecords(records, PREFIX, page, ({ key, value }) =>
        listed(key.slice(PREFIX.length), JSON.parse(value) as Remembered),
      );
    },
    remember(endUserId, userId) {
      const atMs = clock.nowMs();
      if (isFresh(cache.get(endUserId), atMs)) return;
      if (writes.size >= WRITES_MAX) return;
      cache.set(endUserId, { userId, atMs });
      if (!ledger.inProcess) begin(endUserId, { userId, atMs });
    },
    async find(endUserId) {
      if (typeof endUserId !== 'string') throw new TypeError('"endUserId" must be a string');
      if (endUserId.length === 0 || endUserId.length > ID_LENGTH_MAX) return undefined;
      return (cache.get(endUserId) ?? (await stored(endUserId)))?.userId;
    },
    async close() {
      await Promise.race([
        Promise.all(writes),
        setTimeout(CLOSE_MS_MAX, undefined, { ref: false }),
      ]);
      closed = true;
    },
  };
}

const listed = (endUserId: string, known?: Remembered): ListedUser => ({
  userId: known?.userId ?? '',
  endUserId,
});

/** For a guard with `rememberEndUserIds: false`. */
export const noEndUserIds: EndUserIds = {
  remember: () => {},
  find: async () => undefined,
  list: () =>
    Promise.reject(
      new TypeError('"users.list": the option "rememberEndUserIds" is false, so no user is known'),
    ),
  close: async () => {},
};
