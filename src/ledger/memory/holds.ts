import { LedgerError } from '../../errors.ts';
import type { Lease, Resolution } from '../ledger.ts';
import { type Leased, LeaseHeap } from './lease-heap.ts';
import { RecentMap } from './recent-map.ts';
import type { Phase, Share } from './share.ts';

export type Ending = 'settled' | 'released';

export interface Hold extends Leased {
  readonly id: string;
  readonly shares: readonly Share[];
  dispatched: boolean;
  phase: Phase;
  /** How it ended, if it did so after its lease. */
  ending: Ending | undefined;
}

class LiveHold implements Hold {
  readonly id: string;
  readonly shares: readonly Share[];
  dispatched: boolean;
  phase: Phase = 'held';
  ending: Ending | undefined = undefined;
  expiresAtMs: number;
  heapIndex = -1;

  constructor(id: string, shares: readonly Share[], dispatched: boolean, expiresAtMs: number) {
    this.id = id;
    this.shares = shares;
    this.dispatched = dispatched;
    this.expiresAtMs = expiresAtMs;
  }
}

/** All holds by id: live ones, expired ones that may still be settled, and how the others ended. */
export class Holds {
  readonly #max: number;
  readonly #live = new Map<string, Hold>();
  readonly #leases = new LeaseHeap<Hold>();
  /** Apart from the ended ones, so that no traffic makes us forget what may still be corrected. */
  readonly #expired: RecentMap<Hold>;
  readonly #ended: RecentMap<Ending>;

  constructor(max: number, maxTombstones: number, retentionMs: number) {
    this.#max = max;
    this.#expired = new RecentMap(max, retentionMs);
    this.#ended = new RecentMap(maxTombstones, retentionMs);
  }

  /** Whether a hold of this id was ever taken, as far as is remembered. */
  has(id: string): boolean {
    return this.#find(id) !== undefined || this.#ended.get(id) !== undefined;
  }

  assertRoom(): void {
    if (this.#live.size < this.#max) return;
    throw new LedgerError(`more than ${this.#max} calls are in flight at once`);
  }

  add(id: string, shares: readonly Share[], lease: Lease, nowMs: number): void {
    const hold = new LiveHold(id, shares, lease.dispatched, nowMs + lease.durationMs);
    this.#live.set(id, hold);
    this.#leases.add(hold);
  }

  renew(id: string, lease: Lease, nowMs: number): boolean {
    const hold = this.#live.get(id);
    if (hold === undefined) return false;
    hold.dispatched ||= lease.dispatched;
    hold.expiresAtMs = Math.max(hold.expiresAtMs, nowMs + lease.durationMs);
    this.#leases.postponed(hold);
    return true;
  }

  /** Takes out the next hold whose lease is over; it may still be ended, once. */
  nextExpired(nowMs: number): Hold | undefined {
    const hold = this.#leases.next;
    if (hold === undefined || hold.expiresAtMs > nowMs) return undefined;
    this.#remove(hold);
    this.#expired.set(hold.id, hold, nowMs);
    return hold;
  }

  /** Finds a hold that may be ended; else answers what an earlier end makes of this one. */
  toEnd(id: string, ending: Ending): Hold | Exclude<Resolution, 'done'> {
    const hold = this.#find(id);
    const earlier = hold === undefined ? this.#ended.get(id) : hold.ending;
    if (earlier !== undefined) return earlier === ending ? 'replayed' : 'refused';
    return hold ?? 'unknown';
  }

  /** One whose lease is over stays, with how it ended; of every other one nothing does. */
  end(hold: Hold, ending: Ending): void {
    hold.ending = ending;
    if (hold.heapIndex >= 0) this.#remove(hold);
  }

  /** So that the same end, if it comes again, is known. */
  remember(id: string, ending: Ending, nowMs: number): void {
    if (this.#find(id) === undefined) this.#ended.set(id, ending, nowMs);
  }

  clear(): void {
    this.#live.clear();
    this.#leases.clear();
    this.#expired.clear();
    this.#ended.clear();
  }

  #find(id: string): Hold | undefined {
    return this.#live.get(id) ?? this.#expired.get(id);
  }

  #remove(hold: Hold): void {
    this.#live.delete(hold.id);
    this.#leases.remove(hold);
  }
}
