/** A stored JSON text with its version, which grows with each write; the first is 1. */
export interface StoredRecord {
  readonly value: string;
  readonly version: number;
}

/** Told to those who watch records when any of them may have changed. */
export const ANY_KEY = '*';

/** Small durable facts about users and tokens, in the same store as the counters. */
export interface Records {
  get(key: string): Promise<StoredRecord | undefined>;
  /**
   * Writes all or nothing, and answers whether it did. With `ifVersion` only when that version is the
   * current one (0: only when there is none). `expiresAtMs` is absolute; without it the record stays.
   */
  put(
    key: string,
    value: string,
    condition?: { readonly expiresAtMs?: number; readonly ifVersion?: number },
  ): Promise<boolean>;
  /** Answers whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Tells of every changed key, from any process, within 1 s; `ANY_KEY` when any may have, as after
   * a connection that was lost. Returns the function that stops it. */
  watch(listener: (key: string) => void): () => void;
}
