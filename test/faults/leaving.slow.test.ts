import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { faultProxy } from '../../src/testing/fault-proxy.ts';
import { limitCounts, nextEnding, nextSettled, rawChat, serveFixture } from '../attacks/served.ts';
import { chat } from '../fixture.ts';
import { openRequest, rawPost } from '../http/client.ts';
import { plans } from './proxied.ts';
import { untilStill } from './until-still.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const NOTHING = { used: 0, held: 0 };
const ONCE = { used: 1, held: 0 };
const STREAM = chat({ stream: true });

/** How a client disconnects: with a FIN or with a reset. */
const ways = [['destroy'], ['resetAndDestroy']] as const;

describe.each(ways)('A client that disconnects by "%s"', (leave) => {
  it('A client that disconnects during authentication never holds anything', async () => {
    const lookup = heldAnswer<{ user: { id: string } }>();
    const auth = { authenticate: () => lookup.answer() };
    await using served = await serveFixture({ plans, auth });
    const post = rawPost('/v1/chat/completions', 'any', JSON.stringify(chat()));
    const request = openRequest(served.port, post);
    await lookup.asked;
    request.socket[leave]();
    await served.clientGone();
    lookup.give({ user: { id: 'ada' } });
    await expect.poll(() => served.denied.length).toBe(1);
    expect(served.fake.requests).toHaveLength(0);
    expect(await limitCounts(served.guard, 'ada')).toEqual(NOTHING);
  });

  it('A client that disconnects between the last chunk and the end is charged the actual usage', async () => {
    const ledger = watchedLedger();
    await using served = await serveFixture({ plans, ledger, onDisconnect: 'abort' });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate, usageIn: 'finish-chunk' });
    const settled = nextSettled(guard, 'ada');
    const body = chat({ stream: true, stream_options: { include_usage: true } });
    const request = openRequest(served.port, await rawChat(guard, 'ada', body));
    gate.pass(3);
    await request.until('completion_tokens":2');
    request.socket[leave]();
    expect(await settled).toMatchObject({ outputTokens: 2, estimated: false });
    gate.open();
    await fake.idle();
    expect(allEndings(ledger)).toEqual([['settle']]);
    expect(await limitCounts(guard, 'ada')).toEqual(ONCE);
  });

  it('A client that disconnects after the whole answer is charged the actual usage, once', async () => {
    const ledger = watchedLedger();
    await using served = await serveFixture({ plans, ledger });
    const { fake, guard } = served;
    const settled = nextSettled(guard, 'ada');
    const request = openRequest(served.port, await rawChat(guard, 'ada', STREAM));
    await request.until('[DONE]');
    request.socket[leave]();
    const { outputTokens } = fake.invoice[0] ?? {};
    expect(await settled).toMatchObject({ outputTokens, estimated: false });
    await served.clientGone();
    expect(allEndings(ledger)).toEqual([['settle']]);
  });

  it('A client that disconnects in the queue gives its place to the next call', async () => {
    await using served = await serveFixture({ plans, bounds: { inFlight: 1, queued: 1 } });
    const { fake, guard } = served;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    const first = openRequest(served.port, await rawChat(guard, 'first', chat()));
    await gate.arrived();
    const ending = nextEnding(guard, 'ada');
    const waiting = openRequest(served.port, await rawChat(guard, 'ada', STREAM));
    await expect.poll(async () => (await limitCounts(guard, 'ada')).held).toBe(1);
    waiting.socket[leave]();
    expect(await ending).toEqual({ released: true });
    gate.open();
    await first.until('chat.completion');
    const next = openRequest(served.port, await rawChat(guard, 'bob', chat()));
    await next.until('chat.completion');
    expect(fake.requests).toHaveLength(2);
    for (const { socket } of [first, next]) socket.destroy();
  });
});

describe('A client that disconnects without reading', () => {
  it.each(ways)('A disconnect by "%s" frees everything and is charged once', async (leave) => {
    const target = { host: '127.0.0.1', port: 0 };
    await using proxy = await faultProxy(target);
    const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
    const ledger = watchedLedger();
    const options = { plans, ledger, baseURL, onDisconnect: 'abort' as const };
    await using served = await serveFixture(options);
    const { fake, guard } = served;
    target.port = Number(new URL(fake.baseURL).port);
    fake.scriptNext({ lineBytes: 256 * 1024 * 1024 });
    const settled = nextSettled(guard, 'ada');
    const body = chat({ stream: true, stream_options: { include_usage: true } });
    const bytes = await rawChat(guard, 'ada', body);
    const socket = connect(served.port, '127.0.0.1', () => socket.write(bytes));
    await untilStill(() => proxy.counters.bytesDown);
    socket[leave]();
    expect(await settled).toMatchObject({ estimated: true });
    await fake.idle();
    expect(fake.requests[0]?.socketClosedAtMs).toBeDefined();
    expect(allEndings(ledger)).toEqual([['settle']]);
    expect(await limitCounts(guard, 'ada', 'concurrent')).toEqual(NOTHING);
  });
});

/** A lookup that resolves on demand. */
function heldAnswer<Value>() {
  let give = (_: Value) => {};
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const pending = new Promise<Value>((resolve) => {
    give = resolve;
  });
  return {
    asked,
    give,
    answer: () => {
      ask();
      return pending;
    },
  };
}
