import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import postgres from 'postgres';
import {
  type PostgresClient,
  type PostgresLedger,
  type PostgresLedgerOptions,
  postgresLedger,
} from '../../../src/ledger/postgres/postgres-ledger.ts';

/** A client library under test. */
export type Library = 'pg' | 'postgres';

export interface Connected {
  readonly client: PostgresClient;
  run(sql: string): PromiseLike<unknown>;
  end(): Promise<void>;
}

export function connect(library: Library, url: string, max = 8): Connected {
  if (library === 'pg') {
    const client = new Pool({ connectionString: url, max });
    return { client, run: (sql) => client.query(sql), end: () => client.end() };
  }
  const client = postgres(url, { max, backoff: () => 0.1, onnotice: () => {} });
  return { client, run: (sql) => client.unsafe(sql), end: () => client.end({ timeout: 1 }) };
}

export const freshSchema = (): string => `test_${randomBytes(6).toString('hex')}`;

/** A ledger in its own schema, which exists when the promise resolves. */
export async function freshLedger(
  client: PostgresClient,
  options: PostgresLedgerOptions = {},
): Promise<PostgresLedger> {
  const ledger = postgresLedger(client, { schema: freshSchema(), deadlineMs: 5_000, ...options });
  await becomeReady(ledger);
  return ledger;
}

const READY_ATTEMPTS_MAX = 10;

/** Waits until the schema is there. A first look at it that takes longer than a second on a busy machine is
 * repeated, as the next verb of an app would repeat it. */
export async function becomeReady(ledger: PostgresLedger): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ledger.ready();
    } catch (error) {
      if (attempt === READY_ATTEMPTS_MAX || !/did not answer|timeout/.test(String(error)))
        throw error;
    }
  }
}

/**
 * Creates empty ledgers one after another in the same schema, which is much faster than many
 * schemas.
 */
export function emptyLedgers({ client, run }: Connected) {
  const schema = freshSchema();
  return async (options: PostgresLedgerOptions): Promise<PostgresLedger> => {
    const ledger = await freshLedger(client, { schema, ...options });
    const tables = ['subjects', 'holds', 'records'];
    await run(tables.map((table) => `DELETE FROM ${schema}.${table}`).join(';'));
    return ledger;
  };
}
