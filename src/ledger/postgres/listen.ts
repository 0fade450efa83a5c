import type { PostgresClient } from './client.ts';

/** A connected `pg` Client (8), as far as it is used. */
export interface PgListener {
  /** Sends a statement. */
  query(text: string): Promise<unknown>;
  /** Listens for notifications and errors. */
  on(event: 'notification', listener: (message: { channel: string }) => void): unknown;
  /** Listens for errors. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Stops listening. */
  removeListener(event: 'notification', listener: (message: { channel: string }) => void): unknown;
}

/** A `postgres` client (postgres.js 3), as far as it is used. It listens on an extra connection,
 * which it reopens. */
export interface PostgresJsListener {
  /** Listens on a channel. */
  listen(
    channel: string,
    heard: () => void,
    begun: () => void,
  ): PromiseLike<{ unlisten(): PromiseLike<unknown> }>;
}

/** A connection that receives the changes of other processes at once. */
export type PostgresListener = PgListener | PostgresJsListener;

/** Calls `wake` for each notification and whenever some may have been missed. Returns a function
 * that stops it. */
export type Listen = (wake: () => void) => () => void;

/** Never wakes, and does not fail, if the client or a pooler in between cannot listen. */
export function listenOn(
  channel: string,
  pool: PostgresClient,
  client: PostgresListener | undefined,
): Listen {
  const listener = client ?? pool;
  if (isPostgresJs(listener)) return (wake) => listenByPostgresJs(listener, channel, wake);
  if (client === undefined) return () => () => {};
  if (isPgClient(client)) return (wake) => listenByPg(client, channel, wake);
  throw new TypeError(
    '"listenWith" must be a connected Client (no Pool) of "pg" or a client of "postgres"',
  );
}

const isPostgresJs = (client: PostgresClient | PostgresListener): client is PostgresJsListener =>
  'listen' in client && typeof client.listen === 'function';

const isPgClient = (client: PostgresListener): client is PgListener =>
  'removeListener' in client && !('totalCount' in client);

function listenByPostgresJs(client: PostgresJsListener, channel: string, wake: () => void) {
  const begun = Promise.resolve(client.listen(channel, wake, wake));
  begun.catch(() => {});
  return () => void begun.then(({ unlisten }) => unlisten()).catch(() => {});
}

/** `UNLISTEN` is never sent: another ledger may listen on the same connection. */
function listenByPg(client: PgListener, channel: string, wake: () => void) {
  const hear = (message: { channel: string }) => {
    if (message.channel === channel) wake();
  };
  client.on('notification', hear);
  // Without a listener, a connection that ends would end this process.
  client.on('error', () => {});
  client.query(`LISTEN "${channel}"`).then(wake, () => {});
  return () => void client.removeListener('notification', hear);
}
