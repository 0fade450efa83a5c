import { LedgerError } from '../../core/errors.ts';
import type { Value } from './literals.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What the ledger needs from a client of any library. */
export interface Driver {
  /** Runs statements without values, all or none. */
  run(script: string): Promise<void>;
  /** Runs one statement in one round trip, on any connection. */
  query(text: string, values: readonly Value[], deadlineMs: number): Promise<readonly Row[]>;
  /** Returns a connection for one transaction. The caller waits for it until the deadline, on
   * the monotonic clock. */
  connect(deadline: number): Promise<PostgresConnection>;
}

/**
 * A statement must be sent in the turn of the event loop in which the previous answer came:
 * postgres.js 3.4.9 ends the process when it writes to a connection that is known to have ended (as
 * of 2026-11).
 */
export interface PostgresConnection {
  /** Runs statements in one round trip. Returns the rows of all of them. */
  run(script: string, deadlineMs: number): Promise<readonly Row[]>;
  /** Returns the connection to the pool, with no transaction open. */
  release(): void;
  /** Gives the connection up: it failed, or does not answer. */
  abandon(): void;
}

export function rowsOf(rows: readonly unknown[]): readonly Row[] {
  if (rows.every((row) => typeof row === 'object' && row !== null)) return rows as readonly Row[];
  throw new LedgerError('the client answered rows that are no objects');
}
