import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { Claim } from '../../src/ledger/ledger.ts';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import { amounts, claim, concurrent, rate } from '../../src/testing/ledger-conformance/case.ts';
import { race } from './race/race.ts';
import { raceSuite } from './race/race-suite.ts';
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
    const { rows } = await pool.query<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(Number(rows[0]?.deadlocks)).toBe(0);
    for (const subject of subjects) {
      const [places] = await first.read([claim(concurrent(1e6), subject)]);
      expect(places?.held).toBe(0);
    }
    await pool.end();
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const keyed = items.map((item) => [random(), item] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item);
}
