import { memoryStore } from './memory.ts';
import { postgresStore } from './postgres.ts';
import { redisStore } from './redis.ts';
import { sqliteStore } from './sqlite.ts';
import type { Store, StoreName } from './store.ts';

/** All stores in which ledgers are measured. */
export const stores: Readonly<Record<StoreName, Store>> = {
  memory: memoryStore,
  sqlite: sqliteStore,
  redis: redisStore,
  postgres: postgresStore,
};
