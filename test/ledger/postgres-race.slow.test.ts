import { Client, Pool } from 'pg';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Claim } from '../../src/ledger/ledger.ts';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import { amounts, claim, concurrent, rate } from '../../src/testing/ledger-conformance/case.ts';
import { race } from './race/race.ts';
import { raceSuite } from './race/race-suite.ts';
import { shuffled } from './race/shuffled.ts';
import { connect, freshLedger, freshSchema, type Library } from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());

const MODULE = new URL('./race/postgres-module.ts', import.meta.url);
/** All calls are made at once, so each may wait for all others. On a busy machine that is long. */
const DEADLINE_MS = 60_000;

describe.skipIf(server === undefined)('Several processes on one Postgres', () => {
  // The processes start with an empty database, so they also create the schema, once.
  describe.each<Library>(['pg', 'postgres'])('with %s', (library) => {
    raceSuite(`Four processes on one Postgres (${library})`, async () => {
      const schema = freshSchema();
      const { client, end } = connect(library, url);
      return {
        ledger: postgresLedger(client, { schema, deadlineMs: DEADLINE_MS }),
        race: (job) => race(MODULE, [url, schema, library], job),
        [Symbol.asyncDispose]: end,
      };
    });
  });

  it('The races of the processes ended without a deadlock', {
    timeout: 2 * DEADLINE_MS,
  }, async () => {
    expect(await deadlocksFound()).toBe(0);
  });

  it('A storm of calls on overlapping accounts ends without a deadlock or a failure', {
    timeout: 2 * DEADLINE_MS,
  }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.info(`seed ${seed}`);
    const random = seeded(seed);
    const pool = new Pool({ connectionString: url, max: 24 });
    const schema = freshSchema();
    const first = await freshLedger(pool, { schema, deadlineMs: DEADLINE_MS });
    const ledgers = [
      first,
      ...[1, 2, 3].map(() => postgresLedger(pool, { schema, deadlineMs: DEADLINE_MS })),
    ];
    const subjects = ['user:a', 'user:b', 'token:c', 'zebra', 'global'];
    const call = async (index: number) => {
      const ledger = ledgers[index % ledgers.length] ?? first;
      const id = `call-${index}`;
      const claims = shuffled(subjects, random)
        .slice(0, 1 + (index % subjects.length))
        .map((subject): Claim => claim(index % 2 ? concurrent(1e6) : rate(1e9, 1e9), subject));
      const durationMs = index % 5 === 0 ? 1 : 60_000;
      await ledger.reserve(id, claims, amounts({ tokens: 3, concurrent: 1 }), {
        durationMs,
        dispatched: index % 3 === 0,
      });
      if (index % 7 === 0) await ledger.credit(id, claims, amounts({ tokens: 1 }));
      if (index % 2) await ledger.release(id);
      else await ledger.settle(id, amounts({ tokens: 2 }));
    };
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => call(index)));
    for (const subject of subjects) {
      const [places] = await first.read([claim(concurrent(1e6), subject)]);
      expect(places?.held).toBe(0);
    }
    await pool.end();
    expect(await deadlocksFound()).toBe(0);
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How many deadlocks Postgres has found. A session has reported all of its own when it has ended. */
async function deadlocksFound(): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await vi.waitFor(async () => {
    const { rows } = await client.query(OTHER_SESSIONS);
    expect(rows).toEqual([]);
  }, DEADLINE_MS);
  const { rows } = await client.query<{ deadlocks: string }>(DEADLOCKS);
  await client.end();
  return Number(rows[0]?.deadlocks);
}

const OTHER_SESSIONS = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;
const DEADLOCKS = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()';
