import { type LookedRecord, listRange, pageOf } from '../list-range.ts';
import {
  ANY_KEY,
  type ListOptions,
  type RecordListener,
  type RecordPage,
  type Records,
  type StoredRecord,
} from '../records.ts';
import type { RedisDriver } from './driver.ts';
import { recordScripts } from './record-scripts.ts';
import type { RedisScript } from './script/script.ts';

/** Runs a script, whose first key stays forever once it was written, on ARGV that follow the
 * clock's. */
export type RunRedis = (
  script: RedisScript,
  keys: readonly string[],
  parameters: readonly string[],
) => Promise<unknown>;

/** Messages come at once. Changes without a message are polled this often. */
const POLL_MS = 400;

export class RedisRecords implements Records {
  readonly #ask: RunRedis;
  readonly #driver: RedisDriver;
  readonly #prefix: string;
  /** Redis may expire records itself if its own clock decides. */
  readonly #expires: boolean;
  readonly #listeners = new Set<RecordListener>();
  #seen: number | undefined;
  /** Whether a poll failed before the first answer, so that changes may have been missed. */
  #isLate = false;
  #stop: (() => void) | undefined;
  #polling: Promise<void> | undefined;

  constructor(ask: RunRedis, driver: RedisDriver, prefix: string, expires: boolean) {
    this.#ask = ask;
    this.#driver = driver;
    this.#prefix = prefix;
    this.#expires = expires;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const found = (await this.#run(recordScripts.get, key)) as string[];
    const [value, version] = found;
    return value === undefined ? undefined : { value, version: Number(version) };
  }

  async put(
    key: string,
    value: string,
    { expiresAtMs, ifVersion }: Parameters<Records['put']>[2] = {},
  ): Promise<boolean> {
    if (Number.isNaN(expiresAtMs)) throw new TypeError('"expiresAtMs" must be a number');
    const expires = expiresAtMs === undefined || expiresAtMs === Number.POSITIVE_INFINITY;
    const written = await this.#run(
      recordScripts.put,
      key,
      value,
      String(ifVersion ?? ''),
      expires ? '' : String(Math.ceil(expiresAtMs)),
      this.#expires ? '1' : '0',
    );
    return written === 1;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#run(recordScripts.delete, key)) === 1;
  }

  /** Two round trips: the keys, then the records, so that each script names its keys. */
  async list(prefix: string, options?: ListOptions): Promise<RecordPage> {
    const range = listRange(prefix, options);
    const { from, after, end, limit } = range;
    const index = [`${this.#prefix}listed`, `${this.#prefix}expiring`];
    const bounds = [from, after, end, String(limit)];
    const keys = (await this.#ask(recordScripts.names, index.slice(0, 1), bounds)) as string[];
    if (keys.length === 0) return pageOf([], range);
    const names = [`${this.#prefix}clock`, ...index, ...keys.map((key) => this.#recordKey(key))];
    const found = (await this.#ask(recordScripts.all, names, keys)) as string[];
    const looked = keys.map((key, place): LookedRecord => {
      const [value = '', version = ''] = found.slice(2 * place, 2 * place + 2);
      return version === '' ? { key } : { key, value, version: Number(version) };
    });
    return pageOf(looked, range);
  }

  watch(listener: RecordListener): () => void {
    // A wrapper for each call, so that a listener that was added twice is also stopped one at a time.
    const tell: RecordListener = (key, version) => listener(key, version);
    this.#listeners.add(tell);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(tell);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#seen = undefined;
    this.#isLate = false;
  }

  #start(): () => void {
    const poll = () => {
      this.#polling ??= this.#poll().finally(() => {
        this.#polling = undefined;
      });
    };
    const timer = setInterval(poll, POLL_MS).unref();
    const unsubscribe = this.#driver.subscribe(`${this.#prefix}changes`, poll);
    poll();
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }

  /** What fails now is queried again at the next poll; no change is lost. */
  async #poll(): Promise<void> {
    try {
      const seen = this.#seen;
      const keys = [`${this.#prefix}sequence`, `${this.#prefix}changes`];
      const answer = await this.#ask(recordScripts.since, keys, [String(seen ?? '')]);
      const [sequence, ...changes] = answer as string[];
      this.#seen = Number(sequence);
      if (seen !== undefined) this.#tellChanges(seen, this.#seen, changes);
      else if (this.#isLate) this.#tell(ANY_KEY);
    } catch {
      // The verbs report what is wrong with the store.
      this.#isLate ||= this.#seen === undefined;
    }
  }

  #tellChanges(seen: number, sequence: number, changes: readonly string[]): void {
    // Fewer changes than counted, or a lower count: some were deleted before we asked.
    const missed = changes.length !== sequence - seen;
    if (missed) return this.#tell(ANY_KEY);
    for (const [key, version] of versionsIn(changes)) this.#tell(key, version);
  }

  #tell(key: string, version?: number): void {
    for (const listener of this.#listeners) listener(key, version);
  }

  #run(script: RedisScript, key: string, ...parameters: string[]): Promise<unknown> {
    const keys = [
      `${this.#prefix}clock`,
      this.#recordKey(key),
      `${this.#prefix}changes`,
      `${this.#prefix}sequence`,
      `${this.#prefix}listed`,
      `${this.#prefix}expiring`,
    ];
    return this.#ask(script, keys, [key, ...parameters]);
  }

  #recordKey(key: string): string {
    return `${this.#prefix}r:${key}`;
  }
}

/** Returns the last version of each key that changed; `undefined` if the key was deleted in between. A
 * change is written as `sequence.version:key`, a deletion as `sequence:key`. */
function versionsIn(changes: readonly string[]): Map<string, number | undefined> {
  const versions = new Map<string, number | undefined>();
  for (const change of changes) {
    const end = change.indexOf(':');
    const key = change.slice(end + 1);
    const [, version] = change.slice(0, end).split('.');
    const isGone = version === undefined || (versions.has(key) && versions.get(key) === undefined);
    versions.set(key, isGone ? undefined : Number(version));
  }
  return versions;
}
