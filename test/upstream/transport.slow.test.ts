import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/core/response.ts';
import { collect } from '../../src/upstream/collect.ts';
import { fetchTransport } from '../../src/upstream/fetch-transport.ts';
import { type TransportTimeouts, UpstreamError } from '../../src/upstream/transport.ts';
import { undiciTransport } from '../../src/upstream/undici-transport.ts';

const LONG: TransportTimeouts = { connectMs: 5_000, headersMs: 5_000, idleMs: 5_000 };
const BYTES_MAX = 1024 * 1024;
const request = { path: '/chat/completions', headers: { 'x-test': 'one' }, body: '{"a":"ä"}' };

const upstreams = {
  'undici dispatch': undiciTransport,
  'the app’s own fetch': (base: URL, timeouts: TransportTimeouts) =>
    fetchTransport(globalThis.fetch, base, timeouts),
};

/** One list of cases for every way of calling OpenAI. */
describe.each(Object.entries(upstreams))('Calls to OpenAI by %s', (_name, create) => {
  const start = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    timeouts: Partial<TransportTimeouts> = {},
  ) => {
    const server = await listen(answer);
    const upstream = create(new URL(`${server.origin}/v1/`), { ...LONG, ...timeouts });
    const close = async () => {
      await upstream.close();
      await server.close();
    };
    return { send: () => upstream.send(request), [Symbol.asyncDispose]: close };
  };

  it('A call posts its bytes below the base URL and returns status, headers and body', async () => {
    let seen = '';
    await using upstream = await start(async (incoming, response) => {
      const { method, url, headers } = incoming;
      let body = '';
      for await (const chunk of incoming) body += chunk;
      seen = `${method} ${url} ${headers['x-test']} ${body}`;
      response.writeHead(201, { 'x-request-id': 'req_1' }).end('whole');
    });
    const reply = await upstream.send().reply;
    expect([reply.status, reply.header('x-request-id'), reply.header('x-none')]).toEqual([
      201,
      'req_1',
      undefined,
    ]);
    expect(Buffer.from(await collect(reply.body, BYTES_MAX)).toString()).toBe('whole');
    expect(seen).toBe('POST /v1/chat/completions one {"a":"ä"}');
  });

  it('A redirect is not followed', async () => {
    await using upstream = await start((_request, response) =>
      response.writeHead(307, { location: 'https://elsewhere.invalid/' }).end(),
    );
    expect((await upstream.send().reply).status).toBe(307);
  });

  it('A call without response headers fails as timed out', async () => {
    await using upstream = await start(() => {}, { headersMs: 100 });
    const failure = await upstream.send().reply.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UpstreamError);
    expect(failure).toMatchObject({ sent: true, timedOut: true });
  });

  it('A body that falls silent fails', async () => {
    await using upstream = await start((_request, response) => void response.write('first'), {
      idleMs: 100,
    });
    const { body } = await upstream.send().reply;
    await expect(collect(body, BYTES_MAX)).rejects.toBeInstanceOf(UpstreamError);
  });

  it('A body whose connection is reset fails', async () => {
    await using upstream = await start((incoming, response) => {
      response.write('first', () => incoming.socket.destroy());
    });
    const { body } = await upstream.send().reply;
    await expect(collect(body, BYTES_MAX)).rejects.toBeInstanceOf(UpstreamError);
  });

  it('A body is read no faster than the sink accepts it, however long that takes', async () => {
    let pieces = 0;
    await using upstream = await start(
      (_request, response) => {
        const piece = Buffer.alloc(64 * 1024, 'x');
        const more = () => {
          while (pieces < 1_000) {
            pieces += 1;
            if (!response.write(piece)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      },
      { idleMs: 2_000 },
    );
    const { body } = await upstream.send().reply;
    const { taken, done } = takeSlowly(body);
    await untilSteady(() => pieces);
    expect(pieces).toBeLessThan(500);
    expect(await done(2_500)).toBe('end');
    expect(taken()).toBe(1_000 * 64 * 1024);
  });

  it('A cancelled call closes its connection within 250 ms and does not report a complete body', async () => {
    let closed: Promise<void> = Promise.resolve();
    await using upstream = await start((incoming, response) => {
      closed = new Promise((resolve) => incoming.socket.once('close', () => resolve()));
      response.write('first');
    });
    const exchange = upstream.send();
    const { body } = await exchange.reply;
    const said: string[] = [];
    await new Promise<void>((first) => {
      body.start({
        write() {
          first();
          return true;
        },
        end: () => void said.push('end'),
        fail: () => void said.push('fail'),
      });
    });
    body.cancel();
    exchange.cancel();
    const late = new Promise((_, reject) => setTimeout(reject, 250, new Error('still open')));
    await Promise.race([closed, late]);
    expect(said).not.toContain('end');
  });
});

describe('A fetch that ignores its signal', () => {
  it('A body that falls silent fails even when fetch ignores its signal', async () => {
    const silent = new ReadableStream({ pull: () => new Promise(() => {}) });
    const fetch = async () => new Response(silent);
    const base = new URL('http://upstream.invalid/v1');
    const upstream = fetchTransport(fetch, base, { ...LONG, idleMs: 50 });
    const { body } = await upstream.send(request).reply;
    await expect(collect(body, BYTES_MAX)).rejects.toBeInstanceOf(UpstreamError);
  });
});

/**
 * Accepts one piece, then none until `done` is called, which waits `pauseMs` and accepts the rest.
 */
function takeSlowly(body: ByteSource) {
  let bytes = 0;
  let paused = true;
  const ended = new Promise<string>((resolve) => {
    body.start({
      write(chunk) {
        bytes += chunk.byteLength;
        return !paused;
      },
      end: () => resolve('end'),
      fail: () => resolve('fail'),
    });
  });
  const done = async (pauseMs: number) => {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    paused = false;
    body.resume();
    return ended;
  };
  return { taken: () => bytes, done };
}

/** Resolves when a count has stopped growing. */
async function untilSteady(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
