import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../ledger/servers/postgres-server.ts';
import { redisBinary, startRedis } from '../../ledger/servers/redis-server.ts';
import { freshName, type Place } from './place.ts';

export interface Stores extends AsyncDisposable {
  /** How to create an empty place, by the name of each store that this machine has. */
  readonly fresh: Readonly<Partial<Record<Place['store'], () => Place>>>;
}

/** Starts each kind of store once. If one is missing, warns loudly, and fails under CI. */
export async function startStores(): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'stores-'));
  const binary = redisBinary();
  const redis = binary === undefined ? undefined : await startRedis(binary);
  const postgres = await startPostgres();
  return {
    fresh: {
      sqlite: () => ({ store: 'sqlite', file: join(folder, `${freshName()}.db`) }),
      ...(redis && {
        redis: () => ({ store: 'redis', port: redis.port, namespace: freshName() }) as const,
      }),
      ...(postgres && {
        postgres: () => ({ store: 'postgres', url: postgres.url, schema: freshName() }) as const,
      }),
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([redis?.close(), postgres?.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
