/** The connection was lost. The statement may have had its effect, or not. */
const LOST = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  // Postgres ended it while it waited for this process, and a pooler passed that on.
  '25P03',
  '08P01',
  '57P01',
  '57P02',
  '57P03',
  '08003',
  '08006',
]);

/** Another transaction was in the way, and this one was rolled back as a whole. */
const UNDONE = new Set(['40001', '40P01', '23505']);

/** The message of `pg`, without a code, for a connection that ended. */
const LOST_PG = /Connection terminated|not queryable/;

export const isLost = (error: unknown): boolean =>
  LOST.has(codeOf(error)) || LOST_PG.test(String(error));

/** Postgres ended the connection while it waited for this process, so it read no statement after that. */
export const isUnread = (error: unknown): boolean => codeOf(error) === '25P03';

export const isUndone = (error: unknown): boolean => UNDONE.has(codeOf(error));

/** Whether Postgres answered with an error, on a connection that may be used again. */
export const isAnswered = (error: unknown): boolean =>
  /^[0-9A-Z]{5}$/.test(codeOf(error)) && !isLost(error);

/** Returns the code of the client's error, which is the cause of a `LedgerError`. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && error.code !== 'ledger_unavailable') return String(error.code);
  return 'cause' in error ? codeOf(error.cause) : '';
}
