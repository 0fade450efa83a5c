import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chat, MODEL, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, rawPost } from './client.ts';
import { hosts } from './hosts.ts';

const PREFIX = '/v1';
const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits: [{ concurrent: 9 }] } };
/** Next does not show its server. */
const OPEN_HOSTS = hosts.filter(({ name }) => name !== 'Next route handlers');

/** Sends a request, ends its side of the connection at once, and returns all that comes back. */
function halfClosed(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.end(bytes);
  });
}

const callOf = (token: string, more: Record<string, unknown>) =>
  rawPost(`${PREFIX}/chat/completions`, token, JSON.stringify(chat(more)));

describe.each(OPEN_HOSTS)('A client of $name that ends its side of the connection', ({ start }) => {
  it.each([false, true])(
    'A client that ends its side after its request gets its whole response, stream: %s',
    async (stream) => {
      await using fixture = await startFixture({ plans });
      await using host = await start(fixture.guard, PREFIX);
      fixture.fake.scriptNext({ text: 'one two three' });
      const answer = await halfClosed(host.port, callOf(await tokenOf(fixture.guard), { stream }));
      expect(answer).toContain('HTTP/1.1 200 OK');
      expect(answer).toContain(stream ? '[DONE]' : 'one two three');
      await expect.poll(() => fixture.settled).toMatchObject([{ estimated: false }]);
    },
  );

  it.each([
    ['before its response', false],
    ['in the middle of a stream', true],
  ])('A client that has closed its connection %s is noticed', async (_, early) => {
    await using fixture = await startFixture({ plans, bounds: { drains: 0 } });
    await using host = await start(fixture.guard, PREFIX);
    const gate = fixture.fake.gate();
    fixture.fake.scriptNext(early ? { betweenChunks: gate } : { beforeHeaders: gate });
    const call = callOf(await tokenOf(fixture.guard), { stream: true });
    const request = openRequest(host.port, call);
    await fixture.fake.received(1);
    if (early) await request.until('data: ');
    request.socket.destroy();
    // Settled while OpenAI is silent: it was cut because its client left.
    await expect.poll(() => fixture.settled.length).toBe(1);
    gate.open();
  });
});

describe('A client of HTTP/1.0', () => {
  it('A client of HTTP/1.0 that ends its side gets its response, and nothing before it', async () => {
    await using fixture = await startFixture({ plans });
    const [node] = hosts;
    await using host = await (node as (typeof hosts)[0]).start(fixture.guard, PREFIX);
    const gate = fixture.fake.gate();
    fixture.fake.scriptNext({ text: 'one two three', beforeHeaders: gate });
    const bytes = callOf(await tokenOf(fixture.guard), {}).replace('HTTP/1.1', 'HTTP/1.0');
    const answered = halfClosed(host.port, bytes);
    await fixture.fake.received(1);
    gate.open();
    const answer = await answered;
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(answer).toContain('one two three');
  });
});
