import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { ANY_KEY, type Records } from '../../ledger/records.ts';
import { LIMIT_KEYS } from './capacity-limits.ts';

const limitSchema = z.number().int().positive();

const recordSchema = z.object({
  /** The limits that the upstream has shown, by key. */
  limits: z.partialRecord(z.enum(LIMIT_KEYS), limitSchema),
  /** How often the ledger was corrected. A call that left before the latest correction cannot make another. */
  corrections: z.number().int().nonnegative(),
  /** The rate that refusals have taught, of an upstream that shows no limit which explains them. */
  rate: z
    .object({
      perMinute: z.number().positive(),
      isSearching: z.boolean(),
      refusedAt: z.number().positive(),
      cutsInRow: z.number().int().nonnegative(),
      cuts: z.number().int().nonnegative(),
      cutAtMs: z.number(),
    })
    .optional(),
});

/** What all processes know of one upstream and one family of models. */
export type CapacityFacts = Readonly<z.output<typeof recordSchema>>;

const NOTHING: CapacityFacts = { limits: {}, corrections: 0 };
const KEPT_MS = 30 * 86_400_000;
/** After a failed write, so that a store that fails is not asked by every answer. */
const RETRY_MS = 1_000;

interface CapacityRecordParts {
  readonly key: string;
  readonly records: Records;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
  /** Called after the facts have changed, here or in another process. */
  readonly onChange: (before: CapacityFacts) => void;
}

/**
 * The facts of a capacity, kept for 30 days and shared by all processes. A write that another process overtook
 * is lost: its facts are read again, and the next answer decides again. Never throws: a store that fails is
 * reported to `onError`, and the facts of this process stay.
 */
export class CapacityRecord {
  readonly #parts: CapacityRecordParts;
  readonly #unwatch: () => void;
  #facts = NOTHING;
  #version = 0;
  #text: string | undefined;
  #isBusy = false;
  #retryAtMs = 0;

  constructor(parts: CapacityRecordParts) {
    this.#parts = parts;
    this.#unwatch = parts.records.watch((key, version) => {
      // A write reads the record itself, after the ledger was corrected.
      if (this.#isBusy) return;
      if (key === parts.key ? version !== this.#version : key === ANY_KEY) void this.#read();
    });
    void this.#read();
  }

  get facts(): CapacityFacts {
    return this.#facts;
  }

  /** Whether a write is under way or was refused by the store just now. */
  get isBusy(): boolean {
    const waitMs = this.#retryAtMs - this.#parts.nowMs();
    return this.#isBusy || (waitMs > 0 && waitMs <= RETRY_MS);
  }

  /**
   * Writes new facts, if no other process has written meanwhile. `onWon` runs after the write. If the store
   * fails, the facts hold for this process alone. Must not be called while busy.
   */
  async write(facts: CapacityFacts, onWon?: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    const { key, records, nowMs } = this.#parts;
    const condition = { expiresAtMs: nowMs() + KEPT_MS, ifVersion: this.#version };
    try {
      const isWon = await records.put(key, JSON.stringify(facts), condition);
      if (isWon) await onWon?.();
      await this.#load();
    } catch (error) {
      this.#fail(error);
      this.#text = undefined;
      this.#adopt(facts);
    } finally {
      this.#isBusy = false;
    }
  }

  close(): void {
    this.#unwatch();
  }

  async #read(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #load(): Promise<void> {
    const record = await this.#parts.records.get(this.#parts.key);
    this.#version = record?.version ?? 0;
    // What this process knows outlives a record that has expired.
    if (record === undefined || record.value === this.#text) return;
    this.#text = record.value;
    const parsed = recordSchema.safeParse(parseJson(record.value));
    if (parsed.success) this.#adopt(parsed.data);
  }

  #adopt(facts: CapacityFacts): void {
    const before = this.#facts;
    this.#facts = facts;
    this.#parts.onChange(before);
  }

  #fail(error: unknown): void {
    this.#retryAtMs = this.#parts.nowMs() + RETRY_MS;
    this.#parts.onError(error);
  }
}
