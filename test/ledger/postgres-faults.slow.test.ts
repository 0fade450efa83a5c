import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PostgresLedger, postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import { type FaultProxy, faultProxy } from '../../src/testing/fault-proxy.ts';
import {
  assertCounts,
  claim,
  concurrent,
  DISPATCHED,
  daily,
  granted,
  LEASE,
  tokens,
} from '../../src/testing/ledger-conformance/case.ts';
import { DEADLINE_MS, fails, warmUp } from './fails-in-time.ts';
import {
  type Connected,
  connect,
  freshLedger,
  freshSchema,
  type Library,
} from './servers/postgres-ledgers.ts';
import { startPostgres } from './servers/postgres-server.ts';
import { watched } from './servers/watched-client.ts';

const server = await startPostgres();
const url = server?.url ?? '';
afterAll(() => server?.close());

const libraries: readonly Library[] = ['pg', 'postgres'];
/** Repeats a verb until it succeeds. The store is back, but the client may notice that later. */
async function eventually<T>(verb: () => Promise<T>, withinMs = 3_000): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await verb();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(50);
    }
  }
}

describe.skipIf(server === undefined).each(libraries)('A faulty network (%s)', (library) => {
  const claims = [claim(daily(100)), claim(concurrent(10))];
  let proxy: FaultProxy;
  let connected: Connected;
  let ledger: PostgresLedger;
  let direct: { client: Connected; ledger: PostgresLedger };
  /** Whether replies to writes are lost. All other replies pass. */
  let losesReplies = false;

  beforeAll(async () => {
    if (server === undefined) return;
    const schema = freshSchema();
    const straight = connect('pg', url);
    direct = { client: straight, ledger: await freshLedger(straight.client, { schema }) };
    proxy = await faultProxy(server);
    const { pathname, username } = new URL(url);
    connected = connect(library, `postgres://${username}@127.0.0.1:${proxy.port}${pathname}`, 4);
    const client = watched(connected.client, (text) => {
      if (losesReplies && text.includes('.write(')) proxy.fault = { kind: 'swallowReply' };
    });
    ledger = postgresLedger(client, { schema, deadlineMs: DEADLINE_MS });
    await warmUp(ledger);
  });
  const heal = () => {
    losesReplies = false;
    proxy.fault = { kind: 'pass' };
  };
  afterEach(heal);
  afterAll(async () => {
    await ledger?.close();
    await proxy?.close();
    await Promise.all([connected?.end(), direct?.client.end()]);
  });

  const used = async () => (await direct.ledger.read(claims)).map((one) => [one.used, one.held]);
  /** Leaves at least one connection open and idle. */
  const warm = () => eventually(() => ledger.read(claims));

  it('A verb with a lost reply has one effect when it is repeated', async () => {
    await warm();
    const id = randomUUID();
    const before = await used();
    losesReplies = true;
    await fails(ledger.reserve(id, claims, tokens(6), DISPATCHED));
    const usedBefore = before[0]?.[0] ?? 0;
    await expect.poll(used).toEqual([
      [usedBefore, 6],
      [0, 1],
    ]);
    heal();
    await eventually(() => granted(ledger.reserve(id, claims, tokens(6), DISPATCHED)));
    losesReplies = true;
    await fails(ledger.settle(id, tokens(4)));
    await expect.poll(used).toEqual([
      [usedBefore + 4, 0],
      [0, 0],
    ]);
    heal();
    expect(await eventually(() => ledger.settle(id, tokens(4)))).toBe('replayed');
    expect(await used()).toEqual([
      [usedBefore + 4, 0],
      [0, 0],
    ]);
  });

  it('A verb is repeated by itself when its connection breaks, with one effect', async () => {
    await warm();
    const before = await used();
    const id = randomUUID();
    proxy.fault = { kind: 'closeOnReuse' };
    const reserve = ledger.reserve(id, claims, tokens(6), DISPATCHED);
    await sleep(1);
    proxy.fault = { kind: 'pass' };
    await eventually(() =>
      granted(reserve.catch(() => ledger.reserve(id, claims, tokens(6), DISPATCHED))),
    );
    await eventually(() => ledger.release(id));
    expect(await used()).toEqual(before);
  });

  it('Verbs fail in time in a black hole, and the ledger answers correctly after it', async () => {
    await warm();
    proxy.fault = { kind: 'blackHole' };
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        fails(ledger.reserve(`lost ${index}`, claims, tokens(1), LEASE)),
      ),
    );
    proxy.fault = { kind: 'pass' };
    // Only "pg" gives such a connection up by itself; "postgres" waits until the network refuses it.
    if (library === 'postgres') {
      for (const connection of proxy.open) connection.fault = { kind: 'closeOnReuse' };
    }
    const id = randomUUID();
    // The lost reserves may have arrived meanwhile and hold what they requested.
    const others = [claim(daily(100), 'user:after')];
    await eventually(() => granted(ledger.reserve(id, others, tokens(1), LEASE)), 5_000);
    expect(await eventually(() => ledger.release(id))).toMatch(/done|replayed/);
  });

  it('A late reply never answers another verb', async () => {
    await warm();
    proxy.fault = { kind: 'lateReply', until: DEADLINE_MS + 100 };
    await Promise.all([1, 2, 3, 4].map(() => fails(ledger.read(claims))));
    proxy.fault = { kind: 'pass' };
    const ids = Array.from({ length: 40 }, () => randomUUID());
    for (const id of ids)
      expect(await eventually(() => ledger.settle(id, tokens(1)))).toBe('unknown');
    const other = claim(daily(7), 'user:other');
    expect((await eventually(() => ledger.read([other])))[0]?.remaining).toBe(7);
  });
});

describe.skipIf(server === undefined).each(libraries)(
  'A Postgres server that is far away (%s)',
  (library) => {
    it('A distant server works even if each answer takes longer than a transaction may be idle', async () => {
      if (server === undefined) return;
      await using proxy = await faultProxy(server);
      const { pathname, username } = new URL(url);
      const far = `postgres://${username}@127.0.0.1:${proxy.port}${pathname}`;
      const connected = connect(library, far, 4);
      onTestFinished(connected.end);
      const ledger = await freshLedger(connected.client, { deadlineMs: 15_000 });
      proxy.fault = { kind: 'latency', ms: 60 };
      const of = claim(daily(100));
      // A busy machine may add more to each answer than a transaction waits, again and again.
      for (const id of ['first', 'second']) {
        await granted(eventually(() => ledger.reserve(id, [of], tokens(6), DISPATCHED)));
        expect(await eventually(() => ledger.settle(id, tokens(4)))).toMatch(/done|replayed/);
      }
      await assertCounts(ledger, of, { used: 8, held: 0 });
    });
  },
);

describe.skipIf(server?.own === undefined).each(libraries)('A failing server (%s)', (library) => {
  const of = claim(daily(1_000));
  const started = async () => {
    const connected = connect(library, url, 4);
    const schema = freshSchema();
    await freshLedger(connected.client, { schema });
    const ledger = postgresLedger(connected.client, { schema, deadlineMs: DEADLINE_MS });
    await warmUp(ledger);
    await granted(ledger.reserve('before', [of], tokens(6), DISPATCHED));
    return { schema, ledger, end: connected.end };
  };

  it('Calls fail in time while the server is crashed, nothing acknowledged is lost, and the server is used again', async () => {
    const { ledger, end } = await started();
    await server?.own?.crash();
    for (let time = 0; time < 3; time += 1)
      await fails(ledger.reserve(`${time}`, [of], tokens(1), LEASE));
    await fails(ledger.settle('before', tokens(4)));
    await server?.own?.resume();
    expect(await eventually(() => ledger.settle('before', tokens(4)))).toBe('done');
    await assertCounts(ledger, of, { used: 4, held: 0 });
    await end();
  });

  it('Calls fail in time while the server is stopped, and the server is used again', async () => {
    const { ledger, end } = await started();
    await server?.own?.signal('SIGSTOP');
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => fails(ledger.settle('before', tokens(4)))));
    await fails(ledger.settle('before', tokens(4)));
    await server?.own?.signal('SIGCONT');
    expect(await eventually(() => ledger.settle('before', tokens(4)))).toMatch(/done|replayed/);
    await assertCounts(ledger, of, { used: 4, held: 0 });
    await end();
  });

  it('A server that ends all connections does not end this process', async () => {
    const { ledger, end } = await started();
    const admin = new Pool({ connectionString: url, max: 1 });
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND datname = current_database()`);
    expect(await eventually(() => ledger.release('before'))).toBe('done');
    await admin.end();
    await end();
  });

  it('A read-only server fails writes and answers reads', async () => {
    const { schema, ledger, end } = await started();
    const reader = connect(library, `${url}?options=-c%20default_transaction_read_only%3Don`, 1);
    const standby = postgresLedger(reader.client, { schema, deadlineMs: DEADLINE_MS });
    await fails(standby.reserve('call', [of], tokens(1), LEASE));
    await fails(standby.settle('before', tokens(1)));
    await assertCounts(standby, of, { used: 0, held: 6 });
    await reader.end();
    await granted(ledger.reserve('after', [of], tokens(1), LEASE));
    await end();
  });
});
