import { memoryStore } from './memory.ts';
import { postgresStore } from './postgres.ts';
import { redisStore } from './redis.ts';
import { sqliteStore } from './sqlite.ts';
import type { Store, StoreName } from './store.ts';

/** Every store that a ledger is measured on. */
export const stores: Readonly<Record<StoreName, Store>> = {
  memory: memoryStore,
  sqlite: sqliteStore,
  redis: redisStore,
  postgres: postgresStore,
};
