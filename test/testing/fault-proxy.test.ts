import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { type FaultProxy, faultProxy } from '../../src/testing/fault-proxy.ts';

let fake: FakeOpenAI;
let proxy: FaultProxy;
let pool: Pool;
beforeEach(async () => {
  fake = await fakeOpenAI();
  proxy = await faultProxy({ host: '127.0.0.1', port: Number(new URL(fake.baseURL).port) });
  pool = new Pool(`http://${proxy.host}:${proxy.port}`, { connections: 1 });
});
afterEach(async () => {
  await pool.destroy();
  await proxy.close();
  await fake.close();
});

const body = JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] });

async function ask(signal?: AbortSignal): Promise<string> {
  const headers = { authorization: 'Bearer x' };
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    headers,
    body,
    ...(signal && { signal }),
  };
  return (await pool.request(request)).body.text();
}

describe('The fault proxy', () => {
  it('The proxy passes everything on and counts it', async () => {
    expect(JSON.parse(await ask())).toMatchObject({ object: 'chat.completion' });
    await ask();
    const { connections, bytesUp, bytesDown } = proxy.counters;
    expect(connections).toBe(1);
    expect(bytesUp).toBeGreaterThan(2 * body.length);
    expect(bytesDown).toBeGreaterThan(1_000);
    expect(proxy.open).toMatchObject([{ id: 1, bytesUp, bytesDown }]);
  });

  it.each([
    { kind: 'latency', ms: 1 },
    { kind: 'slice', bytes: 7 },
    { kind: 'lateReply', until: 1 },
  ] as const)('The proxy changes no byte under $kind', async (fault) => {
    proxy.fault = fault;
    expect(JSON.parse(await ask())).toMatchObject({ object: 'chat.completion' });
  });

  it('The proxy holds a late reply until it is released', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.fault = { kind: 'lateReply', until: promise };
    let answered = false;
    const asked = ask().then(() => {
      answered = true;
    });
    await fake.received(1);
    await fake.idle();
    expect(answered).toBe(false);
    resolve();
    await asked;
    expect(answered).toBe(true);
  });

  it('The proxy forwards the request and swallows the reply', async () => {
    proxy.fault = { kind: 'swallowReply' };
    const leaving = new AbortController();
    const asked = ask(leaving.signal);
    await fake.received(1);
    await expect.poll(() => proxy.counters.bytesDown).toBeGreaterThan(0);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    expect(fake.invoice).toMatchObject([{ complete: true }]);
  });

  it('The proxy swallows the request too as a black hole', async () => {
    proxy.fault = { kind: 'blackHole' };
    const leaving = new AbortController();
    const asked = ask(leaving.signal);
    await expect.poll(() => proxy.counters.bytesUp).toBeGreaterThan(body.length);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    expect(fake.requests).toEqual([]);
  });

  it.each([
    { kind: 'reset', afterBytes: 0 },
    { kind: 'reset', afterBytes: 1_200 },
    { kind: 'halfClose', afterBytes: 0 },
    { kind: 'halfClose', afterBytes: 1_200 },
  ] as const)('The proxy ends the reply by $kind after $afterBytes bytes', async (fault) => {
    proxy.fault = fault;
    await expect(ask()).rejects.toThrow();
    expect(fake.invoice).toHaveLength(1);
  });

  it('The proxy closes a connection when it is reused, without forwarding the request', async () => {
    proxy.fault = { kind: 'closeOnReuse' };
    await ask();
    await expect(ask()).rejects.toThrow('other side closed');
    expect(fake.requests).toHaveLength(1);
    await ask();
    expect(proxy.counters.connections).toBe(2);
  });

  it('The proxy can switch the fault of one connection while it is open', async () => {
    await ask();
    const [connection] = proxy.open;
    if (connection) connection.fault = { kind: 'reset', afterBytes: 0 };
    await expect(ask()).rejects.toThrow();
    await ask();
    expect(proxy.counters.connections).toBe(2);
  });
});
