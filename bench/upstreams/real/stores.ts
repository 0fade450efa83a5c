import { freshName, type Place } from '../../../test/faults/killed/place.ts';
import { startPostgres } from '../../../test/ledger/servers/postgres-server.ts';
import { redisBinary, startRedis } from '../../../test/ledger/servers/redis-server.ts';

/** A server of its own, and a new place in it for each run. */
export interface RunStore extends AsyncDisposable {
  newPlace(): Place;
}

/** Starts a store. Returns `undefined`, after a warning, if this machine does not have it. */
export const startStore: Readonly<
  Record<'redis' | 'postgres', () => Promise<RunStore | undefined>>
> = {
  async redis() {
    const binary = redisBinary();
    if (binary === undefined) return undefined;
    const { port, close } = await startRedis(binary);
    return {
      newPlace: () => ({ store: 'redis', port, namespace: freshName() }),
      [Symbol.asyncDispose]: close,
    };
  },
  async postgres() {
    const server = await startPostgres();
    if (server === undefined) return undefined;
    const { url } = server;
    return {
      newPlace: () => ({ store: 'postgres', url, schema: freshName() }),
      [Symbol.asyncDispose]: () => server.close(),
    };
  },
};

export type StoreName = keyof typeof startStore;
