import { afterAll, describe, expect, it } from 'vitest';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { openPlace, PATIENCE, withVerbs } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { ownTime, passUntil } from '../faults/own-time.ts';
import { chat, MODEL } from '../fixture.ts';
import { openRequest, rawPost } from '../http/client.ts';
import { nextSettled, type Served, serveFixture } from './served.ts';

const plans = { free: { models: [MODEL], limits: [{ requests: 1_000, per: '24h' }] } };
const auth = { timeouts: { ledger: PATIENCE }, plans };
const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());

const shared = memoryLedger();
const rows = [
  {
    store: 'memory',
    open: async () => ({
      ledger: withVerbs(shared, { close: async () => {} }),
      [Symbol.asyncDispose]: async () => {},
    }),
  },
  ...Object.entries(stores.fresh).map(([store, fresh]) => {
    const place = fresh();
    return { store, open: () => openPlace(place) };
  }),
];

/** Opens a stream of this token that waits at its first word. */
async function openStream({ fake, guard, port }: Served, token: string, user: string) {
  const gate = fake.gate();
  fake.script(user, { text: 'one two', betweenChunks: gate });
  const body = chat({ stream: true, messages: [{ role: 'user', content: user }] });
  const settled = nextSettled(guard, user);
  const request = openRequest(port, rawPost('/v1/chat/completions', token, JSON.stringify(body)));
  await request.until('assistant');
  return { ...request, gate, settled };
}

type Stream = Awaited<ReturnType<typeof openStream>>;

async function assertCut({ until, settled, socket }: Stream): Promise<void> {
  const answer = await until('\r\n0\r\n');
  expect(answer).toContain('"code":"invalid_credential"');
  expect(answer).not.toContain('[DONE]');
  expect(await settled).toMatchObject({ estimated: true });
  socket.destroy();
}

async function assertGoesOn({ until, gate, socket }: Stream): Promise<void> {
  gate.open();
  await until('[DONE]');
  socket.destroy();
}

describe.each(rows)('A user token that is revoked in another process ($store)', ({ open }) => {
  it('Revoking a token cuts its running streams, and no other stream of the user', async () => {
    await using first = await open();
    await using second = await open();
    await using operator = await serveFixture({ ...auth, ledger: first.ledger });
    await using served = await serveFixture({ ...auth, ledger: second.ledger });
    const [token, other] = [
      await operator.guard.tokens.issue({ user: 'ada' }),
      await operator.guard.tokens.issue({ user: 'ada' }),
    ];
    const stream = await openStream(served, token.value, 'ada');
    const bystander = await openStream(served, other.value, 'ada');
    await operator.guard.tokens.revoke(token.id);
    await assertCut(stream);
    await assertGoesOn(bystander);
  });

  it('Revoking all tokens of a user cuts all their running streams, and no stream of others', async () => {
    await using first = await open();
    await using second = await open();
    await using operator = await serveFixture({ ...auth, ledger: first.ledger });
    await using served = await serveFixture({ ...auth, ledger: second.ledger });
    const issue = async (user: string) => (await operator.guard.tokens.issue({ user })).value;
    const stream = await openStream(served, await issue('eve'), 'eve');
    const bystander = await openStream(served, await issue('bob'), 'bob');
    await operator.guard.tokens.revokeAll('eve');
    await assertCut(stream);
    await assertGoesOn(bystander);
  });
});

describe('A user token that expires', () => {
  it('A stream is cut when its token expired longer than one renewal of its lease ago', async () => {
    using time = ownTime();
    await using served = await serveFixture({ ...auth, clock: time.clock });
    const { value } = await served.guard.tokens.issue({ user: 'ada', ttl: '60s' });
    const stream = await openStream(served, value, 'ada');
    time.pass(60_000 + 29_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(served.settled).toEqual([]);
    await passUntil(stream.settled, time);
    expect(await stream.until('\r\n0\r\n')).toContain('"code":"expired_credential"');
    stream.socket.destroy();
  });
});

describe('A drained call', () => {
  it('A drained call goes on when its token expires, and is charged what it used', async () => {
    using time = ownTime();
    await using served = await serveFixture({ ...auth, clock: time.clock });
    const { value } = await served.guard.tokens.issue({ user: 'ada', ttl: '60s' });
    const { settled, socket, gate } = await openStream(served, value, 'ada');
    socket.destroy();
    await passUntil(served.clientGone(), time, 0);
    for (let minute = 0; minute < 3; minute += 1) {
      time.pass(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    gate.open();
    expect(await settled).toMatchObject({ estimated: false });
  });

  it('Revoking a token cuts its drained calls, which are charged their hold', async () => {
    await using served = await serveFixture(auth);
    const { id, value } = await served.guard.tokens.issue({ user: 'ada' });
    const { settled, socket } = await openStream(served, value, 'ada');
    socket.destroy();
    await served.clientGone();
    await served.guard.tokens.revoke(id);
    expect(await settled).toMatchObject({ estimated: true, outputTokens: 16_384 });
  });
});
