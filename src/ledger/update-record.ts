import type { Records } from './records.ts';

/** How a value is read from a record and changed. */
interface RecordChange<Value> {
  readonly key: string;
  /** Returns the value of a record; `undefined` is given where there is none. */
  readonly parse: (json: string | undefined) => Value;
  readonly change: (current: Value) => Value;
  /** Names the value in the error, such as `'the state of a user'`. */
  readonly what: string;
}

interface WrittenRecord<Value> {
  readonly value: Value;
  readonly version: number;
}

const ATTEMPTS_MAX = 20;

/** Writes `change(current)`, and repeats this if another process wrote in between. Returns what it wrote. */
export async function updateRecord<Value>(
  records: Records,
  { key, parse, change, what }: RecordChange<Value>,
): Promise<WrittenRecord<Value>> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = await records.get(key);
    const value = change(parse(stored?.value));
    const ifVersion = stored?.version ?? 0;
    if (await records.put(key, JSON.stringify(value), { ifVersion })) {
      return { value, version: ifVersion + 1 };
    }
  }
  throw new Error(`${what} kept changing during the write. Repeat the call.`);
}
