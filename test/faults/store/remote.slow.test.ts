import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/testing/fault-proxy.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../../fixture.ts';
import { redisBinary } from '../../ledger/servers/redis-server.ts';
import { redisStore } from './redis-store.ts';
import { type RemoteStore, remoteStore } from './remote-store.ts';

/** A healthy store may be slow on a busy machine. */
const DEADLINE_MS = 2_000;
/** Two storms wait for the deadline, and the recovery for the next probe and a new connection. */
const TEST_MS_MAX = 60_000;

interface Outage {
  readonly name: string;
  begin(store: RemoteStore): void | Promise<void>;
  end(store: RemoteStore): void | Promise<void>;
  /** Whether the counts from before the outage are still there afterwards. */
  readonly keeps: boolean;
}

const suffer =
  (fault: Fault) =>
  ({ proxy }: RemoteStore): void => {
    proxy.fault = fault;
  };

/** A connection that has lost bytes does not go on: the next reply on it is a reset. */
const reconnect = ({ proxy }: RemoteStore): void => {
  for (const connection of proxy.open) connection.fault = { kind: 'reset', afterBytes: 0 };
  proxy.fault = { kind: 'pass' };
};

const outages: readonly Outage[] = [
  { name: 'killed', begin: (s) => s.kill(), end: (s) => s.restart(), keeps: false },
  {
    name: 'stopped',
    begin: (s) => s.signal('SIGSTOP'),
    end: (s) => s.signal('SIGCONT'),
    keeps: true,
  },
  {
    name: 'in a black hole',
    begin: suffer({ kind: 'blackHole' }),
    end: reconnect,
    keeps: true,
  },
  {
    name: 'losing replies',
    begin: suffer({ kind: 'swallowReply' }),
    end: reconnect,
    keeps: true,
  },
  {
    name: 'answering late',
    begin: suffer({ kind: 'lateReply', until: DEADLINE_MS + 1_000 }),
    end: suffer({ kind: 'pass' }),
    keeps: true,
  },
];

const binary = redisBinary();
const stores: Readonly<Record<string, () => Promise<RemoteStore>>> = {
  'A remote store': remoteStore,
  ...(binary !== undefined && { Redis: () => redisStore(binary, DEADLINE_MS) }),
};
const cases = Object.entries(stores).flatMap(([name, open]) =>
  outages.map((outage) => ({ ...outage, name: `${name} that is ${outage.name}`, open })),
);

const plans = {
  strict: {
    models: [MODEL],
    maxOutputTokens: 100,
    limits: [{ requests: 1_000, per: '24h' }, { concurrent: 50 }],
  },
  loose: {
    models: [MODEL],
    maxOutputTokens: 100,
    // So slow that a long storm gets nothing more.
    limits: [{ requests: 8, per: '24h', burst: 8 }],
  },
};

async function codes(answers: readonly Response[]): Promise<Record<string, number>> {
  const count: Record<string, number> = {};
  for (const answer of answers) {
    const code = answer.status === 200 ? 'served' : await codeOf(answer);
    if (answer.status === 200) await answer.text();
    count[code] = (count[code] ?? 0) + 1;
  }
  return count;
}

const storm = async ({ guard }: Fixture, token: string) =>
  codes(await Promise.all(Array.from({ length: 100 }, () => post(guard, token, chat()))));

describe.each(cases)('$name', ({ begin, end, keeps, open }) => {
  it('Every call is decided during the outage, and calls are served again after it', {
    timeout: TEST_MS_MAX,
  }, async () => {
    await using store = await open();
    await using fixture = await startFixture({
      plans,
      ledger: store.ledger,
      planOf: ({ id }) => (id === 'ada' ? 'strict' : 'loose'),
      // A call that was served before may still wait for its settlement.
      bounds: { inFlightPerUser: 200 },
      timeouts: { ledger: `${DEADLINE_MS / 1_000}s` },
    });
    const { guard, fake } = fixture;
    const recovered: unknown[] = [];
    guard.on('recovered', (event) => void recovered.push(event));
    // After 100 decisions a process is not starting any more. The burst of the plan serves 8.
    await storm(fixture, await tokenOf(guard, 'first'));
    const ada = await tokenOf(guard, 'ada');
    const bob = await tokenOf(guard, 'bob');
    expect(await codes([await post(guard, ada, chat()), await post(guard, bob, chat())])).toEqual({
      served: 2,
    });
    await begin(store);
    // These calls must end although the outage goes on.
    expect(await storm(fixture, ada)).toEqual({ ledger_unavailable: 100 });
    const loose = await storm(fixture, bob);
    expect(loose).toEqual({ served: 2, rate_limit_exceeded: 98 });
    expect(fake.requests).toHaveLength(8 + 4);
    await end(store);
    await expect.poll(() => recovered.length).toBe(1);
    // A client on a busy machine may lose a connection again, and the guard then denies a call.
    const callOf = async (token: string) => codes([await post(guard, token, chat())]);
    if (keeps) {
      await expect.poll(() => callOf(ada)).toEqual({ served: 1 });
      await expect
        .poll(async () =>
          (await guard.users.usage('ada')).limits.map(({ used, held }) => [used, held]),
        )
        .toEqual([
          [2, 0],
          [0, 0],
        ]);
    } else {
      await expect.poll(async () => callOf(await tokenOf(guard, 'eve'))).toEqual({ served: 1 });
    }
  });
});
