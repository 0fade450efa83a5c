import { RecentMap } from '../../base/recent-map.ts';
import { LedgerError } from '../../core/errors.ts';
import type { CreditTable } from '../counting/tables.ts';

/** No credit is forgotten before its time, because a repeated one would then be given twice. */
const CREDITS_MAX = 50_000;

export class MemoryCredits implements CreditTable {
  readonly #ids: RecentMap<true>;

  constructor(retentionMs: number) {
    this.#ids = new RecentMap(2 * CREDITS_MAX, retentionMs);
  }

  has(id: string): boolean {
    return this.#ids.get(id) !== undefined;
  }

  add(id: string, nowMs: number): void {
    if (this.#ids.isFull(nowMs)) throw new LedgerError(`more than ${CREDITS_MAX} credits an hour`);
    this.#ids.set(id, true, nowMs);
  }

  clear(): void {
    this.#ids.clear();
  }
}
