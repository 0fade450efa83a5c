import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RestOfBody } from '../../../src/http/rest-of-body.ts';
import { toNodeHandler } from '../../../src/index.ts';
import { rawExchange, rawPost, statusOf } from '../client.ts';
import { hosts } from '../hosts.ts';
import { startRefusing } from './refusals.ts';
import { PREFIX } from './sending.ts';

const PATH = `${PREFIX}/chat/completions`;
const BODY = JSON.stringify({ padding: 'x'.repeat(300_000) });
const onNode = hosts.filter(({ name }) => /^(node:http|Express 5|Fastify 5|Koa|Hono)$/.test(name));

async function listening(server: Server) {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() };
}

describe('The rest of a refused body', () => {
  it.each(onNode)('On $name, the connection serves the next request', async ({ start }) => {
    await using fixture = await startRefusing();
    await using host = await start(fixture.guard, PREFIX);
    const next = rawPost(PATH, 'wrong', '{}', 'connection: close\r\n');
    const both = await rawExchange(host.port, rawPost(PATH, 'wrong', BODY) + next);
    expect(both.match(/HTTP\/1\.1 401/g)).toHaveLength(2);
  });

  it('A client that waits for 100 Continue is refused before it sends its body', async () => {
    await using fixture = await startRefusing();
    const handler = toNodeHandler(fixture.guard, { prefix: PREFIX });
    // With such a listener, Node leaves the 100 to the host.
    using host = await listening(createServer(handler).on('checkContinue', handler));
    const [head = ''] = rawPost(PATH, 'wrong', BODY, 'expect: 100-continue\r\n').split('\r\n\r\n');
    const answer = await rawExchange(host.port, `${head}\r\n\r\n`);
    expect(statusOf(answer)).toBe(401);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('A client that waits for 100 Continue is asked for its body when the guard reads it', async () => {
    await using fixture = await startRefusing();
    const handler = toNodeHandler(fixture.guard, { prefix: PREFIX });
    using host = await listening(createServer(handler).on('checkContinue', handler));
    const { value } = await fixture.guard.tokens.issue({ user: 'ada' });
    const [head = ''] = rawPost(PATH, value, '{}', 'expect: 100-continue\r\n').split('\r\n\r\n');
    expect(statusOf(await rawExchange(host.port, `${head}\r\n\r\n`))).toBe(100);
  });

  it('In HTTP/2, a refused upload gets its answer', async () => {
    await using fixture = await startRefusing();
    const handler = toNodeHandler(fixture.guard, { prefix: PREFIX });
    using host = await listening(createHttp2(handler as never));
    const session = connectHttp2(`http://127.0.0.1:${host.port}`);
    const stream = session.request({ ':method': 'POST', ':path': PATH, authorization: 'Bearer x' });
    const status = new Promise((resolve, reject) => {
      stream.on('response', (headers) => resolve(headers[':status'])).on('error', reject);
    });
    stream.end(BODY);
    expect(await status).toBe(401);
    await new Promise((done) => stream.resume().on('close', done));
    await new Promise<void>((done) => session.close(done));
  });

  it('More than 1,000 at once end the one that has taken longest', () => {
    const rests = Array.from({ length: 1_001 }, () => new RestOfBody());
    expect(rests.map((rest) => rest.took(1))).toEqual([false, ...Array(1_000).fill(true)]);
    for (const rest of rests) rest.end(true);
  });

  it('After 64 MiB nothing more is read', () => {
    const rest = new RestOfBody();
    expect(rest.took(64 * 1024 * 1024)).toBe(true);
    expect(rest.took(1)).toBe(false);
    expect(rest.isWhole).toBe(false);
  });
});
