import type { Soon } from '../base/deadline.ts';
import { RecordCache } from '../ledger/record-cache.ts';
import type { Records } from '../ledger/records.ts';
import { updateRecord } from '../ledger/update-record.ts';
import { type ServiceStop, StopList } from './stop-list.ts';

const PREFIX = 'service:';
const ID = 'stops';

/** What is stopped, in one record of the ledger's store. */
export class StopRecord {
  readonly #records: Records;
  readonly #cache: RecordCache<StopList>;
  /** While the store fails, it counts. */
  #last: StopList | undefined;

  /** `onChange` is called when the list may have changed, in any process, within 1 s. */
  constructor(records: Records, onChange: () => void) {
    this.#records = records;
    this.#cache = new RecordCache({ records, prefix: PREFIX, max: 1, parse: parseStops, onChange });
  }

  /** Returns a list that is at most 1 s old, whichever process changed it. While the store fails, the last
   * one that was read. Rejects if none was. */
  get(): Soon<StopList> {
    return this.#cache.known(ID) ?? this.#load();
  }

  /** Returns the list that is stored now. */
  async stored(): Promise<readonly ServiceStop[]> {
    return parseStops((await this.#records.get(PREFIX + ID))?.value).stops;
  }

  /** Writes `change(current)`. In this process it counts at once. */
  async update(change: (stops: readonly ServiceStop[]) => readonly ServiceStop[]): Promise<void> {
    const { version } = await updateRecord(this.#records, {
      key: PREFIX + ID,
      parse: (json) => parseStops(json).stops,
      change,
      what: 'The list of stops',
    });
    this.#cache.changed(ID, version);
  }

  close(): void {
    this.#cache.close();
  }

  async #load(): Promise<StopList> {
    try {
      this.#last = (await this.#cache.read(ID)) ?? NONE;
    } catch (error) {
      if (this.#last === undefined) throw error;
    }
    return this.#last;
  }
}

const NONE = new StopList([]);

const parseStops = (json: string | undefined): StopList =>
  json === undefined ? NONE : new StopList(JSON.parse(json) as ServiceStop[]);
