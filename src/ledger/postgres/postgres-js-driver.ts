import { type Driver, type PostgresConnection, rowsOf } from './driver.ts';
import { withValues } from './literals.ts';

/** A `postgres` client (postgres.js 3), as far as it is used. */
export interface PostgresJs {
  /** Sends a query on any connection. */
  unsafe(text: string): PromiseLike<readonly unknown[]>;
  /** Takes a connection. */
  reserve(): Promise<PostgresJsConnection>;
  /** The options that the pool was made with. */
  readonly options?: { readonly max?: number };
}

/** A reserved connection of a `postgres` client, as far as it is used. */
export interface PostgresJsConnection {
  /** Sends a query. */
  unsafe(text: string): PromiseLike<readonly unknown[]>;
  /** Gives the connection back. */
  release(): void;
}

/**
 * Its own parameters cost a second round trip unless statements are named, which poolers may forbid.
 * A late query is not cancelled: after cancelling one that is pipelined behind another, version
 * 3.4.9 takes its answer for that of the next (as of 2026-11).
 */
export function postgresJsDriver(client: PostgresJs): Driver {
  return {
    async run(script) {
      await client.unsafe(script);
    },
    async query(text, values) {
      return rowsOf(await client.unsafe(withValues(text, values)));
    },
    connect: async (deadline) => connectionOf(await reserve(client, deadline)),
  };
}

const AGAIN_MS = 50;

/**
 * Reserves a connection, and calls `reserve` again while it waits: version 3.4.9 forgets the call that
 * is first in line when a connection ends (as of 2026-11, porsager/postgres#1195). The first result is
 * used. A connection that comes later is released.
 */
function reserve(client: PostgresJs, deadline: number): Promise<PostgresJsConnection> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;
    const take = (connection: PostgresJsConnection) => {
      if (isDone) return connection.release();
      end();
      resolve(connection);
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const end = () => {
      isDone = true;
      clearTimeout(timer);
    };
    const ask = (againMs: number) => {
      client.reserve().then(take, fail);
      if (performance.now() + againMs >= deadline) return;
      timer = setTimeout(() => ask(againMs * 2), againMs);
    };
    ask(AGAIN_MS);
  });
}

function connectionOf(client: PostgresJsConnection): PostgresConnection {
  return {
    // Several statements have several results, each an array.
    run: async (script) => rowsOf((await client.unsafe(script)).flat()),
    release: () => client.release(),
    // A connection that ended returns by itself. If it were released, it would be used as if it were
    // open.
    abandon: () => {},
  };
}
