import { LedgerError } from '../../core/errors.ts';
import { listRange, pageOf } from '../list-range.ts';
import type { ListOptions, RecordPage, Records, StoredRecord } from '../records.ts';

interface Kept extends StoredRecord {
  readonly expiresAtMs: number;
}

const SWEPT_PER_WRITE = 4;

/**
 * Records in a map of at most `max`. An expired record is gone at once for every reader, and leaves
 * the map as others are written. `now` returns the ledger's time, or throws if the ledger is closed.
 */
export class MemoryRecords implements Records {
  readonly #max: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<(key: string) => void>();
  #sweeper = this.#kept.entries();

  constructor(max: number, now: () => number) {
    this.#max = max;
    this.#now = now;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    return this.#stored(key, this.#now());
  }

  async put(
    key: string,
    value: string,
    { expiresAtMs = Number.POSITIVE_INFINITY, ifVersion }: Parameters<Records['put']>[2] = {},
  ): Promise<boolean> {
    const nowMs = this.#now();
    if (Number.isNaN(expiresAtMs)) throw new TypeError('"expiresAtMs" must be a number');
    const version = this.#current(key, nowMs)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) return false;
    this.#sweep(nowMs);
    if (this.#kept.size >= this.#max && !this.#kept.has(key)) {
      throw new LedgerError(`more than ${this.#max} records are kept`);
    }
    this.#kept.set(key, { value, version: version + 1, expiresAtMs });
    this.#tell(key);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    const had = this.#current(key, this.#now()) !== undefined;
    this.#kept.delete(key);
    if (had) this.#tell(key);
    return had;
  }

  async list(prefix: string, options?: ListOptions): Promise<RecordPage> {
    const range = listRange(prefix, options);
    const nowMs = this.#now();
    const isListed = (key: string) =>
      key.startsWith(prefix) && key > range.after && this.#current(key, nowMs) !== undefined;
    const keys = [...this.#kept.keys()].filter(isListed).sort().slice(0, range.limit);
    return pageOf(
      keys.map((key) => ({ key, ...this.#stored(key, nowMs) })),
      range,
    );
  }

  watch(listener: (key: string) => void): () => void {
    // A wrapper for each call, so that a listener that was added twice is also stopped one at a time.
    const tell = (key: string) => listener(key);
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  }

  clear(): void {
    this.#kept.clear();
    this.#listeners.clear();
  }

  #stored(key: string, nowMs: number): StoredRecord | undefined {
    const kept = this.#current(key, nowMs);
    return kept && { value: kept.value, version: kept.version };
  }

  #current(key: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.expiresAtMs > nowMs ? kept : undefined;
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }

  #sweep(nowMs: number): void {
    for (let looked = 0; looked < SWEPT_PER_WRITE; looked += 1) {
      const next = this.#sweeper.next();
      if (next.done) {
        this.#sweeper = this.#kept.entries();
        return;
      }
      const [key, { expiresAtMs }] = next.value;
      if (expiresAtMs <= nowMs) this.#kept.delete(key);
    }
  }
}
