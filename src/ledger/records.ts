/** A stored JSON string with its version. The first version is 1; each write increases it. */
export interface StoredRecord {
  /** The JSON text. */
  readonly value: string;
  /** Grows with each write; the first is 1. */
  readonly version: number;
}

/** A stored record with its key. */
export interface ListedRecord extends StoredRecord {
  /** The whole key. */
  readonly key: string;
}

/** Some of the records whose keys begin alike. */
export interface RecordPage {
  /** Records that had not expired. A page may have fewer than asked, and even none, before the last one. */
  readonly records: readonly ListedRecord[];
  /** The `after` of the next page; `undefined`: this is the last one. */
  readonly next: string | undefined;
}

/** Which page of records is asked for. */
export interface ListOptions {
  /** `next` of the page before. Without it, the first page. */
  readonly after?: string | undefined;
  /** How many records are looked at, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

/** Passed to the listeners of `watch` if any record may have changed. */
export const ANY_KEY = '*';

/** Is called with the key of a changed record, or `ANY_KEY`, and with its version where the store knows it. */
export type RecordListener = (key: string, version?: number) => void;

/**
 * The records of a ledger: small durable facts about users and tokens, such as blocks, plans and
 * revocations. They are kept in the same store as the counters, and by the same clock, so that one
 * store is enough and both are available or not together. A record has no arithmetic: `put` with
 * `ifVersion` is the only atomic update.
 */
export interface Records {
  /** Returns the record of a key, or `undefined` if there is none or it has expired. */
  get(key: string): Promise<StoredRecord | undefined>;
  /**
   * Writes all or nothing. Returns whether it did. With `ifVersion` it writes only if that version
   * is the current one (0: only if there is no record). `expiresAtMs` is absolute; without it the
   * record stays.
   */
  put(
    key: string,
    value: string,
    condition?: { readonly expiresAtMs?: number; readonly ifVersion?: number },
  ): Promise<boolean>;
  /** Returns whether there was one. */
  delete(key: string): Promise<boolean>;
  /**
   * Returns records whose keys begin with `prefix`, by pages, in an order that stays the same. A record that exists
   * from the first page to the last is listed exactly once; one that is written or deleted meanwhile, at most once. A page
   * looks at `limit` records, or in a store in memory at all it has. A store need not list keys that have more than
   * 400 characters or a NUL. `TypeError` for a `limit` that is out of bounds, or an `after` of another prefix.
   */
  list(prefix: string, options?: ListOptions): Promise<RecordPage>;
  /**
   * Calls `listener` with every changed key, from any process, within 1 s; with `ANY_KEY` if any key
   * may have changed, as after a lost connection. Returns a function that stops it. `version` is that
   * of the record after the change; `undefined` if it was deleted, or if the store does not pass
   * versions.
   */
  watch(listener: RecordListener): () => void;
}
