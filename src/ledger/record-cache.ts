import { LRUCache } from 'lru-cache';
import { ANY_KEY, type Records } from './records.ts';

interface RecordCacheOptions<Value> {
  readonly records: Records;
  /** Begins the key of each record. The rest of the key is the id. */
  readonly prefix: string;
  /** Values that are kept, at most. */
  readonly max: number;
  /** Returns the value of a record. `undefined`, also as the argument, means that there is none. */
  readonly parse: (json: string | undefined, id: string) => Value | undefined;
  /** Called with the id of each change that is notified; `undefined` if any id may have changed. */
  readonly onChange?: (id: string | undefined) => void;
}

interface CachedRecord<Value> {
  readonly value: Value;
  readonly version: number;
}

/** A read under way. */
interface PendingRead {
  readonly id: string;
  /** The latest version that was notified since the read began. */
  latest: number;
}

/**
 * What was last read of records. A value is kept until a change of its record is notified that came
 * after the read. A notice of a change that the read has seen already drops nothing: the value is
 * still what this process believes while the store fails.
 *
 * For records that are not written again after they were deleted or have expired, because their
 * versions would begin again.
 */
export class RecordCache<Value extends object> {
  readonly #options: RecordCacheOptions<Value>;
  readonly #known: LRUCache<string, CachedRecord<Value>>;
  readonly #pending = new Set<PendingRead>();
  readonly #unwatch: () => void;

  constructor(options: RecordCacheOptions<Value>) {
    this.#options = options;
    this.#known = new LRUCache({ max: options.max });
    this.#unwatch = options.records.watch((key, version) => this.#hear(key, version));
  }

  /** Returns the value if it is known, without a read. */
  known(id: string): Value | undefined {
    return this.#known.get(id)?.value;
  }

  /** Reads the value, and keeps it unless it changed during the read. */
  async read(id: string): Promise<Value | undefined> {
    const { records, prefix, parse } = this.#options;
    const pending: PendingRead = { id, latest: 0 };
    this.#pending.add(pending);
    try {
      const record = await records.get(prefix + id);
      const value = parse(record?.value, id);
      const version = record?.version ?? 0;
      if (value !== undefined && version >= pending.latest) this.#known.set(id, { value, version });
      return value;
    } finally {
      this.#pending.delete(pending);
    }
  }

  /** This process has written this version of a record: what was read before does not count any more. */
  changed(id: string, version: number): void {
    this.#change(id, version);
  }

  close(): void {
    this.#unwatch();
  }

  #hear(key: string, version = Number.POSITIVE_INFINITY): void {
    const { prefix, onChange } = this.#options;
    if (key === ANY_KEY) {
      this.#known.clear();
      for (const pending of this.#pending) pending.latest = Number.POSITIVE_INFINITY;
      onChange?.(undefined);
    } else if (key.startsWith(prefix)) {
      this.#change(key.slice(prefix.length), version);
    }
  }

  #change(id: string, version: number): void {
    const known = this.#known.peek(id);
    if (known !== undefined && known.version < version) this.#known.delete(id);
    for (const pending of this.#pending) {
      if (pending.id === id) pending.latest = Math.max(pending.latest, version);
    }
    this.#options.onChange?.(id);
  }
}
