import { randomBytes } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { createClient, createCluster } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import {
  type RedisClient,
  type RedisLedgerOptions,
  redisLedger,
} from '../../../src/ledger/redis/redis-ledger.ts';

export interface Connected {
  readonly client: RedisClient;
  end(): void;
}

/** Every client library that the ledger supports. */
export const libraries: Readonly<Record<string, (port: number) => Promise<Connected>>> = {
  'ioredis 6': async (port) => ofIoRedis(new Redis(port, { lazyConnect: true })),
  'ioredis 5': async (port) => ofIoRedis(new Redis5(port, { lazyConnect: true })),
  'node-redis 6': async (port) => ofNodeRedis(createClient({ url: urlOf(port) })),
  'node-redis 5': async (port) => ofNodeRedis(createClient5({ url: urlOf(port) })),
};

export const clusterLibraries: typeof libraries = {
  'ioredis 6, Cluster': async (port) => {
    const client = new Cluster([{ host: '127.0.0.1', port }]);
    client.on('error', () => {});
    return { client: client, end: () => client.disconnect() };
  },
  'node-redis 6, cluster': async (port) => {
    const client = createCluster({ rootNodes: [{ url: urlOf(port) }] });
    client.on('error', () => {});
    await client.connect();
    return { client: client, end: () => client.destroy() };
  },
};

const urlOf = (port: number) => `redis://127.0.0.1:${port}`;

async function ofIoRedis(client: Redis | Redis5): Promise<Connected> {
  client.on('error', () => {});
  await client.connect();
  return { client: client, end: () => client.disconnect() };
}

async function ofNodeRedis(
  client: ReturnType<typeof createClient> | ReturnType<typeof createClient5>,
): Promise<Connected> {
  client.on('error', () => {});
  await client.connect();
  return { client: client, end: () => client.destroy() };
}

/** A ledger in its own namespace. */
export function freshLedger(client: RedisClient, options: RedisLedgerOptions = {}) {
  return redisLedger(client, { namespace: `test-${randomBytes(6).toString('hex')}`, ...options });
}
