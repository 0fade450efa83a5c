import { afterAll, describe, it, vi } from 'vitest';
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts';
import { clusterLibraries, freshLedger, libraries } from './servers/redis-clients.ts';
import { redisBinary, startRedis, startRedisCluster } from './servers/redis-server.ts';

const binary = redisBinary();
const single = binary === undefined ? undefined : await startRedis(binary);
const cluster = binary === undefined ? [] : await startRedisCluster(binary);
afterAll(() => Promise.all([single, ...cluster].map((server) => server?.close())));

const all = [
  ...Object.entries(libraries).map(([name, open]) => ({ name, open, port: single?.port })),
  ...Object.entries(clusterLibraries).map(([name, open]) => ({
    name,
    open,
    port: cluster[0]?.port,
  })),
];

/** A thousand calls are made at once, so the last one waits for all others, on a busy machine for long. */
const DEADLINE_MS = 20_000;
/** A case has several such steps. */
vi.setConfig({ testTimeout: 3 * DEADLINE_MS });

describe.skipIf(binary === undefined).each(all)('Redis ledger on $name', ({ open, port = 0 }) => {
  ledgerConformance({ describe, it }, async ({ clock }) => {
    const { client, end } = await open(port);
    const ledger = freshLedger(client, { clock, deadlineMs: DEADLINE_MS });
    return { ledger, cleanUp: async () => end() };
  });
});
