import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { toNodeHandler } from '../../src/index.ts';
import { faultProxy } from '../../src/testing/fault-proxy.ts';
import { rawChat } from '../attacks/served.ts';
import { incoming } from '../faults/incoming.ts';
import { MINUTE_MS, ownTime } from '../faults/own-time.ts';
import { plans } from '../faults/proxied.ts';
import { untilStill } from '../faults/until-still.ts';
import { allEndings, watchedLedger } from '../faults/watched-ledger.ts';
import { chat, post, startFixture, tokenOf } from '../fixture.ts';

const READERS = 8;
const OFFERED_TOKENS = 150_000;
/** A frame of the fake with one token is longer than this. */
const OFFERED_BYTES = OFFERED_TOKENS * 200;
const BUFFERED_BYTES_MAX = 256 * 1024;
/** Most of it belongs to the fake, which keeps the text that it writes. */
const BYTES_PER_READER_MAX = 8 * 1024 * 1024;

const parallel = {
  free: { ...plans.free, maxOutputTokens: OFFERED_TOKENS, limits: plans.free.limits.slice(0, 2) },
};
const usageShown = { stream: true, stream_options: { include_usage: true } };

describe('Clients that request streams and never read them', () => {
  it('Clients that never read slow the upstream down, fill no memory and are settled after the stall timeout', async () => {
    using time = ownTime();
    const target = { host: '127.0.0.1', port: 0 };
    await using proxy = await faultProxy(target);
    const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
    const ledger = watchedLedger();
    const settings = { plans: parallel, onDisconnect: 'abort' as const, clock: time.clock };
    const options = { ...settings, baseURL, ledger };
    await using fixture = await startFixture(options);
    const { fake, guard } = fixture;
    target.port = Number(new URL(fake.baseURL).port);
    await using server = await listen(toNodeHandler(guard));
    fake.scriptNext({ tokens: OFFERED_TOKENS }, READERS);
    const before = memoryBytes();
    const sockets = await Promise.all(
      Array.from({ length: READERS }, async (_, index) => {
        const bytes = await rawChat(guard, `reader-${index}`, chat(usageShown));
        const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
        return socket;
      }),
    );
    const allWait = () => server.responses.filter((r) => r.writableNeedDrain).length === READERS;
    await untilStill(() => (allWait() ? proxy.counters.bytesDown : 0));
    for (const response of server.responses) {
      expect(response.writableLength).toBeLessThanOrEqual(BUFFERED_BYTES_MAX);
    }
    expect(memoryBytes() - before).toBeLessThan(READERS * BYTES_PER_READER_MAX);
    expect(proxy.counters.bytesDown).toBeLessThan((READERS * OFFERED_BYTES) / 2);

    time.pass(1_000);
    time.pass(MINUTE_MS - 1);
    expect(fixture.settled).toHaveLength(0);
    time.pass(1);
    await expect.poll(() => fixture.settled.length).toBe(READERS);
    for (const { outputTokens } of fixture.settled) expect(outputTokens).toBe(OFFERED_TOKENS);
    await fake.idle();
    expect(allEndings(ledger)).toEqual(Array(READERS).fill(['settle']));
    for (const socket of sockets) socket.destroy();
  });
});

describe('A client that reads more slowly than OpenAI writes', () => {
  it('A slow reader does not count as stalled', async () => {
    using time = ownTime();
    await using fixture = await startFixture({ plans, clock: time.clock });
    const { fake, guard } = fixture;
    const words = Array.from({ length: 12 }, (_, index) => `w${String(index).padStart(2, '0')} `);
    fake.scriptNext({ text: words.join('') });
    const token = await tokenOf(guard);
    const stream = incoming(await post(guard, token, chat({ stream: true })));
    for (const word of words) {
      time.pass(30_000);
      await stream.until(word.trim());
      time.pass(30_000);
    }
    expect(await stream.whole()).toContain('[DONE]');
    await expect.poll(() => fixture.settled.length).toBe(1);
    expect(fixture.settled[0]).toMatchObject({ outputTokens: words.length, estimated: false });
  });
});

function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A node:http server that exposes the responses it is writing. */
async function listen(handle: ReturnType<typeof toNodeHandler>) {
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    void handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    responses,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
