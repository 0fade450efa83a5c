import pLimit from 'p-limit';
import { type Page, type PageSpec, pageOfRecords, parsePage } from '../accounts/page.ts';
import type { Clock } from '../base/clock.ts';
import { activeBlock, type Block } from '../core/block.ts';
import type { Records } from '../ledger/records.ts';
import type { UserStates } from './user-states.ts';

/** A user who is blocked now. */
export interface BlockedUser extends Block {
  /** The user. */
  readonly userId: string;
}

interface BlockedUsersParts {
  readonly records: Records;
  readonly states: UserStates;
  readonly clock: Clock;
}

const PREFIX = 'blocked:';
/** Few, so that the calls keep the connections to the store. */
const READS_AT_ONCE = 8;

/**
 * The users who are blocked. What counts is their state. A marker beside it is only for the list: it is there before
 * the state is blocked and until after it is not, so that the list misses no one.
 */
export class BlockedUsers {
  readonly #parts: BlockedUsersParts;

  constructor(parts: BlockedUsersParts) {
    this.#parts = parts;
  }

  async block(userId: string, block: Block): Promise<void> {
    await this.#mark(userId, block);
    await this.#parts.states.update(userId, (state) => ({ ...state, block }));
    // An unblock at the same time may have taken the first one for its own.
    await this.#mark(userId, block);
  }

  /** Ends pauses of models too. */
  async unblock(userId: string): Promise<void> {
    const { records, states, clock } = this.#parts;
    const marker = await records.get(PREFIX + userId);
    await states.update(userId, ({ block: _, pauses: __, ...state }) => state);
    if (marker === undefined) return;
    // A delete would not see a block that was written meanwhile.
    const condition = { ifVersion: marker.version, expiresAtMs: clock.nowMs() };
    await records.put(PREFIX + userId, marker.value, condition);
  }

  /** See `Users.blocked`. */
  list(page?: PageSpec): Promise<Page<BlockedUser>> {
    const { records } = this.#parts;
    const limitReads = pLimit(READS_AT_ONCE);
    return pageOfRecords(records, PREFIX, parsePage(page, 'users.blocked'), ({ key }) =>
      limitReads(() => this.#blocked(key.slice(PREFIX.length))),
    );
  }

  async #blocked(userId: string): Promise<BlockedUser | undefined> {
    const { states, clock } = this.#parts;
    const block = activeBlock(await states.get(userId), clock.nowMs());
    return block && { userId, ...block };
  }

  async #mark(userId: string, { untilMs }: Block): Promise<void> {
    const condition = untilMs === undefined ? {} : { expiresAtMs: untilMs };
    await this.#parts.records.put(PREFIX + userId, '{}', condition);
  }
}
