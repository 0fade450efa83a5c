import { type PostgresClient, sizeOf } from './client.ts';

const CONNECTIONS_MIN = 2;
const warned = new WeakSet<PostgresClient>();

/**
 * Warns, once for each pool, of one that holds a single connection: a statement that waits for a lock
 * would keep all other calls waiting. Silenced as Node's warnings are:
 * `--disable-warning=GUARD_POSTGRES_POOL`.
 */
export function warnOfSmallPool(pool: PostgresClient): void {
  const max = sizeOf(pool) ?? CONNECTIONS_MIN;
  if (max >= CONNECTIONS_MIN || warned.has(pool)) return;
  warned.add(pool);
  process.emitWarning(
    `The pool of the Postgres ledger holds ${max} connection, so that one call that waits for a lock ` +
      `keeps all others waiting: set its "max" to at least ${CONNECTIONS_MIN}, better 4 to 8`,
    { type: 'GuardWarning', code: 'GUARD_POSTGRES_POOL' },
  );
}
