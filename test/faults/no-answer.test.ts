import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { FaultProxy } from '../../src/testing/fault-proxy.ts';
import { limitCounts, nextEnding, nextSettled, serveFixture } from '../attacks/served.ts';
import { chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { plans, startFaulty } from './proxied.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

const timeouts = { headers: '100ms', connect: '100ms' };
const FREE_SLOT = { used: 0, held: 0 };

describe.concurrent('An upstream that accepts the request and never answers', () => {
  it.each([false, true])(
    'A call without any answer ends with 504, is charged its hold and frees its slot ("stream": %s)',
    async (stream) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, timeouts, ledger });
      const { fake, guard } = fixture;
      fake.scriptNext({ neverAnswer: true });
      const settled = nextSettled(guard, 'ada');
      const answer = await post(guard, await tokenOf(guard), chat({ stream }));
      expect([answer.status, await codeOf(answer)]).toEqual([504, 'upstream_timeout']);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      const [line] = fake.invoice;
      expect(await settled).toMatchObject({ estimated: true, outputTokens: 100 });
      expect((await settled).inputTokens).toBeGreaterThanOrEqual(line?.inputTokens ?? Infinity);
      expect(await limitCounts(guard, 'ada', 'concurrent')).toEqual(FREE_SLOT);
      expect(allEndings(ledger)).toEqual([['settle']]);
      await fake.idle();
      expect(fake.requests[0]?.socketClosedAtMs).toBeDefined();
    },
  );
});

describe.concurrent('A reply that is lost', () => {
  it('A request with a lost reply is repeated neither by the guard nor by the official SDK with its retries', async () => {
    await using faulty = await startFaulty({ timeouts });
    const { fake, guard, proxy } = faulty;
    proxy.fault = { kind: 'swallowReply' };
    const client = new OpenAI({
      apiKey: await tokenOf(guard),
      baseURL: 'http://app.test/v1',
      fetch: (url, init) => guard.handler(new Request(url as string, init as RequestInit)),
      maxRetries: 2,
    });
    const settled = nextSettled(guard, 'ada');
    const failed = client.chat.completions.create(chat() as never);
    await expect(failed).rejects.toMatchObject({ status: 504, code: 'upstream_timeout' });
    expect(allEndings(faulty.ledger)).toEqual([['settle']]);
    expect(fake.requests).toHaveLength(1);
    expect(fake.invoice).toHaveLength(1);
    expect(await limitCounts(guard, 'ada')).toEqual({ used: 1, held: 0 });
    const [line] = fake.invoice;
    const charge = await settled;
    expect(charge.inputTokens).toBeGreaterThanOrEqual(line?.inputTokens ?? Infinity);
    expect(charge.outputTokens).toBeGreaterThanOrEqual(line?.outputTokens ?? Infinity);
  });

  it.each([
    ['reset', { kind: 'reset', afterBytes: 0 }],
    ['closed', { kind: 'halfClose', afterBytes: 0 }],
    ['cut within the headers', { kind: 'reset', afterBytes: 40 }],
  ] as const)('A request is not repeated when the connection was %s', async (_, fault) => {
    await using faulty = await startFaulty();
    faulty.proxy.fault = fault;
    const settled = nextSettled(faulty.guard, 'ada');
    const answer = await post(faulty.guard, await tokenOf(faulty.guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await settled).toMatchObject({ estimated: true, outputTokens: 100 });
    expect(faulty.fake.requests).toHaveLength(1);
    expect(allEndings(faulty.ledger)).toEqual([['settle']]);
  });

  it('A reply with dripping headers is awaited no longer than the headers timeout', async () => {
    await using faulty = await startFaulty({ timeouts: { headers: '150ms' } });
    const { guard, proxy, fake } = faulty;
    const gate = fake.gate();
    proxy.fault = { kind: 'lateReply', until: gate.wait() };
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([504, 'upstream_timeout']);
    gate.open();
    expect(await limitCounts(guard, 'ada', 'concurrent')).toEqual(FREE_SLOT);
  });
});

describe('A connection that cannot be made', () => {
  it('A failed connection is tried once more and costs nothing', async () => {
    const baseURL = `http://127.0.0.1:${await closedPort()}/v1`;
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, baseURL, ledger });
    let attempts = 0;
    const count = () => {
      attempts += 1;
    };
    subscribe('undici:client:connectError', count);
    const ending = nextEnding(fixture.guard, 'ada');
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    unsubscribe('undici:client:connectError', count);
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
    expect(answer.headers.get('x-should-retry')).toBe('true');
    expect(attempts).toBe(2);
    expect(await ending).toEqual({ released: true });
    expect(await limitCounts(fixture.guard, 'ada')).toEqual({ used: 0, held: 0 });
    expect(allEndings(ledger)).toEqual([['release']]);
  });
});

describe('A keep-alive connection that closes during the next request', () => {
  it('A POST on a closing keep-alive connection is not repeated, and its hold is charged', async () => {
    await using faulty = await startFaulty();
    const { guard, proxy, fake } = faulty;
    const token = await tokenOf(guard);
    const warm = await untilReused(proxy, async () => {
      await (await post(guard, token, chat())).text();
      await fake.idle();
    });
    proxy.fault = { kind: 'closeOnReuse' };
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, token, chat());
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await settled).toMatchObject({ estimated: true });
    expect(proxy.counters.connections).toBe(warm.connections);
    expect(fake.requests).toHaveLength(warm.calls);
    expect(faulty.settled).toHaveLength(warm.calls + 1);
  });

  it('A POST is not repeated when OpenAI closes the connection with the request unread', async () => {
    await using served = await serveFixture({ plans });
    const { fake, guard } = served;
    fake.scriptNext({ closeOnRequest: true });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([502, 'false']);
    expect(fake.requests).toHaveLength(0);
  });
});

/** Repeats the call until one uses an existing connection. */
async function untilReused({ counters }: FaultProxy, call: () => Promise<void>) {
  for (let calls = 1; ; calls += 1) {
    const { connections } = counters;
    await call();
    if (counters.connections === connections) return { calls, connections };
  }
}

/** A port without a listener, because it was just closed. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
