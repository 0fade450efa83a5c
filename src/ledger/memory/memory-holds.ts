import { RecentMap } from '../../base/recent-map.ts';
import { LedgerError } from '../../core/errors.ts';
import type { Ending, Hold } from '../counting/hold.ts';
import type { HoldTable } from '../counting/tables.ts';
import { FinishedIds } from './finished-ids.ts';
import { LeaseHeap } from './lease-heap.ts';

/** All holds: live ones, expired ones that may still be ended, and how the latest others ended. */
export class MemoryHolds implements HoldTable {
  readonly #max: number;
  readonly #leases = new LeaseHeap<Hold>();
  readonly #byId = new Map<string, Hold | Ending>();
  readonly #finished: FinishedIds;
  /** Kept apart from the others, so that traffic does not evict what may still be corrected. */
  readonly #expired: RecentMap<Hold>;

  constructor(max: number, maxFinished: number, retentionMs: number) {
    this.#max = max;
    this.#finished = new FinishedIds(maxFinished, retentionMs, (id) => this.#byId.delete(id));
    this.#expired = new RecentMap(max, retentionMs);
  }

  find(id: string): Hold | Ending | undefined {
    return this.#byId.get(id) ?? this.#expired.get(id);
  }

  /** Adds a hold that is found by its id. */
  add(hold: Hold): void {
    hold.isListed = true;
    this.#byId.set(hold.id, hold);
    this.#leases.add(hold);
  }

  /** Adds a hold that its caller keeps. */
  lease(hold: Hold): void {
    this.#leases.add(hold);
  }

  /** Throws if there is no room for one more hold, unless this id already has one. */
  assertRoom(id?: string): void {
    if (this.#leases.size < this.#max) return;
    if (id !== undefined && this.find(id) !== undefined) return;
    throw new LedgerError(`more than ${this.#max} calls are in flight at once`);
  }

  renewed(hold: Hold): void {
    this.#leases.postponed(hold);
  }

  expired(hold: Hold, nowMs: number): void {
    this.#leases.remove(hold);
    if (!hold.isListed) return;
    this.#byId.delete(hold.id);
    this.#expired.set(hold.id, hold, nowMs);
  }

  /** An expired hold stays with its ending. Of a live one only the ending is remembered. */
  ended(hold: Hold, ending: Ending, nowMs: number): void {
    if (hold.heapIndex < 0) return;
    this.#leases.remove(hold);
    if (!hold.isListed) return;
    this.#byId.set(hold.id, ending);
    this.#finished.add(hold.id, nowMs);
  }

  nextExpired(nowMs: number): Hold | undefined {
    const hold = this.#leases.next;
    return hold === undefined || hold.expiresAtMs > nowMs ? undefined : hold;
  }

  clear(): void {
    this.#leases.clear();
    this.#byId.clear();
    this.#expired.clear();
  }
}
