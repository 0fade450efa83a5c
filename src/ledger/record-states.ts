import type { Soon } from '../base/deadline.ts';
import { RecordCache } from './record-cache.ts';
import type { Records } from './records.ts';
import { updateRecord } from './update-record.ts';

interface StateKind<State> {
  /** Begins the key of each record. The rest of the key is the id. */
  readonly prefix: string;
  /** The state where there is no record. */
  readonly initial: State;
  /** Names a state in an error, such as `'The state of a user'`. */
  readonly what: string;
}

type StateListener = (id: string | undefined) => void;

const CACHED_MAX = 20_000;

/** What the operator decided about each user, or each group, from the ledger's store. */
export class RecordStates<State extends object> {
  readonly #records: Records;
  readonly #kind: StateKind<State>;
  readonly #cache: RecordCache<State>;
  readonly #listeners = new Set<StateListener>();

  constructor(records: Records, kind: StateKind<State>) {
    this.#records = records;
    this.#kind = kind;
    this.#cache = new RecordCache({
      records,
      prefix: kind.prefix,
      max: CACHED_MAX,
      parse: (json) => this.#parse(json),
      onChange: (id) => this.#tell(id),
    });
  }

  /** Returns a state that is at most 1 s old, whichever process changed it. */
  get(id: string): Soon<State> {
    return this.#cache.known(id) ?? this.#load(id);
  }

  /** Writes `change(current)`, and repeats this if another process wrote in between. */
  async update(id: string, change: (state: State) => State): Promise<State> {
    const { prefix, what } = this.#kind;
    const parse = (json: string | undefined) => this.#parse(json);
    const { value } = await updateRecord(this.#records, { key: prefix + id, parse, change, what });
    return value;
  }

  /** Calls `listener` with the id of every state that changed, in any process, within 1 s. `undefined` means
   * that any state can have changed. */
  onChange(listener: StateListener): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#cache.close();
  }

  async #load(id: string): Promise<State> {
    return (await this.#cache.read(id)) ?? this.#kind.initial;
  }

  #parse(json: string | undefined): State {
    return json === undefined ? this.#kind.initial : (JSON.parse(json) as State);
  }

  #tell(id: string | undefined): void {
    for (const listener of this.#listeners) listener(id);
  }
}
