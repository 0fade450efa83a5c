import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type PostgresLedger,
  type PostgresListener,
  postgresLedger,
} from '../../src/ledger/postgres/postgres-ledger.ts';
import { startPgBouncer } from './servers/pgbouncer.ts';
import { freshLedger, freshSchema, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
const url = server?.url ?? '';
const bouncer = server && (await startPgBouncer(url));
afterAll(async () => {
  await bouncer?.close();
  await server?.close();
});

/** So long that no change is received by polling. */
const NEVER_MS = 60_000;

const listeners: Readonly<Record<Library, (at: string) => Promise<Listening>>> = {
  async pg(at) {
    const client = new Client({ connectionString: at });
    await client.connect();
    return { client, end: () => client.end() };
  },
  async postgres(at) {
    const client = postgres(at, { max: 2, backoff: () => 0.1 });
    return { client, end: () => client.end({ timeout: 1 }) };
  },
};
interface Listening {
  readonly client: PostgresListener;
  end(): Promise<void>;
}

describe.skipIf(server === undefined).each<Library>(['pg', 'postgres'])(
  'Record changes that Postgres notifies (%s)',
  (library) => {
    const pool = new Pool({ connectionString: url, max: 4 });
    const endings: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const end of endings.splice(0).reverse()) await end();
    });
    afterAll(() => pool.end());

    async function stage(pollMs: number, at = url) {
      const schema = freshSchema();
      const writer = await freshLedger(pool, { schema });
      const { client, end } = await listeners[library](at);
      const options = { schema, pollMs, listenWith: client, deadlineMs: 5_000 };
      const reader = postgresLedger(pool, options);
      const heard: string[] = [];
      reader.records.watch((key) => heard.push(key));
      endings.push(end, () => reader.close());
      const listening = () => pidsListening(schema);
      await expect.poll(listening).toHaveLength(1);
      // The first notice: what changed before the watch began is not known.
      await expect.poll(() => heard).toContain('*');
      return { schema, writer, heard, listening };
    }

    async function pidsListening(schema: string): Promise<number[]> {
      const { rows } = await pool.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE query ILIKE $1',
        [`listen "${schema}"`],
      );
      return rows.map(({ pid }) => pid);
    }

    const hears = (heard: readonly string[], key: string) =>
      expect.poll(() => heard, { interval: 10 }).toContain(key);

    async function changes(writer: PostgresLedger, key: string): Promise<void> {
      expect(await writer.records.put(key, '1')).toBe(true);
    }

    it('A change arrives without polling, even when there are many at once', async () => {
      const { writer, heard } = await stage(NEVER_MS);
      await changes(writer, 'user:ada');
      await hears(heard, 'user:ada');
      expect(await writer.records.delete('user:ada')).toBe(true);
      await expect.poll(() => heard.filter((key) => key === 'user:ada').length).toBe(2);
      const names = Array.from({ length: 60 }, (_, index) => `user:${index}`);
      await Promise.all(names.map((name) => changes(writer, name)));
      await expect.poll(() => new Set(heard)).toEqual(new Set(['*', 'user:ada', ...names]));
    });

    it('A change arrives when the listening connection is terminated', async () => {
      const { writer, heard, listening } = await stage(400);
      await pool.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [
        await listening(),
      ]);
      await changes(writer, 'user:bob');
      await hears(heard, 'user:bob');
    });

    it.skipIf(bouncer === undefined)(
      'A change is polled for when a pooler does not pass notifications on',
      async () => {
        const { writer, heard } = await stage(400, bouncer?.url);
        await changes(writer, 'user:eve');
        await hears(heard, 'user:eve');
      },
    );
  },
);

describe.skipIf(server === undefined)('A pool of postgres.js', () => {
  it('A postgres.js pool listens while there are watchers, and again after its connection was terminated', async () => {
    const schema = freshSchema();
    const client = postgres(url, { max: 4, backoff: () => 0.1, onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    const writer = await freshLedger(client, { schema });
    const reader = await freshLedger(client, { schema, pollMs: NEVER_MS });
    const heard: string[] = [];
    const pids = async () =>
      (
        await client`SELECT pid FROM pg_stat_activity WHERE query ILIKE ${`listen "${schema}"`}`
      ).map(({ pid }) => Number(pid));
    const begun = () => expect.poll(pids).toHaveLength(1);
    const stopOther = reader.records.watch(() => {});
    await begun();
    stopOther();
    await expect.poll(pids).toEqual([]);
    const stop = reader.records.watch((key) => heard.push(key));
    await begun();
    const [first = 0] = await pids();
    await client`SELECT pg_terminate_backend(${first})`;
    await expect.poll(async () => (await pids()).filter((pid) => pid !== first)).toHaveLength(1);
    await writer.records.put('user:ada', '1');
    await expect.poll(() => heard).toContain('user:ada');
    stop();
  });
});

describe.skipIf(server?.own === undefined)('A Postgres server that was down for a while', () => {
  it('A postgres.js client listens again after the server was down for a while', async () => {
    const schema = freshSchema();
    const client = postgres(url, { max: 4, backoff: () => 0.1, onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    const writer = await freshLedger(client, { schema });
    const reader = await freshLedger(client, { schema, pollMs: NEVER_MS });
    const heard: string[] = [];
    const stop = reader.records.watch((key) => heard.push(key));
    await expect.poll(() => heard).toContain('*');
    await server?.own?.crash();
    await sleep(500);
    await server?.own?.resume();
    const hearsOfPut = async () => {
      await writer.records.put('user:ada', '1').catch(() => false);
      return heard;
    };
    await expect.poll(hearsOfPut).toContain('user:ada');
    stop();
  });
});

describe('The option "listenWith"', () => {
  it('The option "listenWith" rejects a pool, because its connections do not stay', async () => {
    const pool = new Pool();
    const listenWith = pool as unknown as PostgresListener;
    expect(() => postgresLedger(pool, { listenWith })).toThrow(/no Pool/);
  });
});
