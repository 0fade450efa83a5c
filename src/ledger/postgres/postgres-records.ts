import { type LookedRecord, listRange, pageOf } from '../list-range.ts';
import type { ListOptions, RecordPage, Records, StoredRecord } from '../records.ts';
import { ChangePoller, type Changes, type RecordChange } from './change-poller.ts';
import type { Row } from './driver.ts';
import type { Listen } from './listen.ts';
import type { Value } from './literals.ts';
import type { PostgresStore } from './postgres-store.ts';
import { storedName } from './stored-names.ts';

const CHANGES_MAX = 1_000;

/** Records in a table. Listeners get this process's own changes at once, and those of other
 * processes as soon as they are notified or polled for. */
export class PostgresRecords implements Records {
  readonly #store: PostgresStore;
  readonly #poller: ChangePoller;

  constructor(store: PostgresStore, pollMs: number, listen: Listen) {
    this.#store = store;
    this.#poller = new ChangePoller((after) => this.#changes(after), pollMs, listen);
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const { schema, calls } = this.#store;
    const deadline = await this.#store.begin();
    const text = `SELECT value, version FROM ${schema}.records WHERE key = $1 AND value IS NOT NULL
      AND expires_ms > ${schema}.now_ms($2)`;
    const [row] = await calls.all(text, [storedName(key), this.#store.nowMs()], deadline);
    return row && { value: String(row['value']), version: Number(row['version']) };
  }

  async put(
    key: string,
    value: string,
    { expiresAtMs = Number.POSITIVE_INFINITY, ifVersion }: Parameters<Records['put']>[2] = {},
  ): Promise<boolean> {
    if (Number.isNaN(expiresAtMs)) throw new TypeError('"expiresAtMs" must be a number');
    return this.#write('put($1, $2, $3, $4, $5, $6)', key, [value, expiresAtMs, ifVersion ?? null]);
  }

  delete(key: string): Promise<boolean> {
    return this.#write('remove($1, $2, $3)', key, []);
  }

  async list(prefix: string, options?: ListOptions): Promise<RecordPage> {
    const range = listRange(prefix, options);
    const { schema, calls } = this.#store;
    const deadline = await this.#store.begin();
    const text = `SELECT key, version, CASE WHEN expires_ms > ${schema}.now_ms($5) THEN value END AS value
      FROM ${schema}.records WHERE key >= $1 AND key > $2 AND key < $3 ORDER BY key LIMIT $4`;
    const { from, after, end, limit } = range;
    const values = [from, after, end, limit, this.#store.nowMs()];
    return pageOf((await calls.all(text, values, deadline)).map(lookedAt), range);
  }

  watch(listener: Parameters<Records['watch']>[0]): () => void {
    return this.#poller.add(listener);
  }

  close(): void {
    this.#poller.stop();
  }

  /** Sent once only: after a lost reply, an own write could not be told from another's. */
  async #write(verb: string, key: string, values: readonly Value[]): Promise<boolean> {
    const { schema, calls, lockWait } = this.#store;
    const deadline = await this.#store.begin();
    const all = [storedName(key), ...values, this.#store.nowMs(), lockWait];
    const row = await calls.once(`SELECT ${schema}.${verb} AS done`, all, deadline);
    if (row['done'] === true) this.#poller.tell(key);
    return row['done'] === true;
  }

  async #changes(after: number | undefined): Promise<Changes> {
    const { schema, calls } = this.#store;
    const deadline = await this.#store.begin();
    const text = `SELECT m.change, r.key, r.version FROM ${schema}.meta m LEFT JOIN LATERAL
      (SELECT key, change, CASE WHEN value IS NOT NULL THEN version END AS version
       FROM ${schema}.records WHERE change > $1 ORDER BY change LIMIT $2) r
      ON r.change <= m.change`;
    const rows = await calls.all(text, [after ?? Number.MAX_SAFE_INTEGER, CHANGES_MAX], deadline);
    return {
      records: rows.flatMap(changeIn),
      upTo: Number(rows[0]?.['change'] ?? 0),
      isCut: rows.length === CHANGES_MAX,
    };
  }
}

function changeIn({ key, version }: Row): readonly RecordChange[] {
  if (typeof key !== 'string') return [];
  return [version === null ? { key } : { key, version: Number(version) }];
}

function lookedAt({ key, value, version }: Row): LookedRecord {
  const name = String(key);
  return value === null
    ? { key: name }
    : { key: name, value: String(value), version: Number(version) };
}
