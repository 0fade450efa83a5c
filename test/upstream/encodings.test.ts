import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nextSettled } from '../attacks/served.ts';
import { chat, codeOf, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const codings: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: zlib.gzipSync,
  'X-GZIP': zlib.gzipSync,
  deflate: zlib.deflateSync,
  'deflate ': zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
  'gzip, br': (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
};
const plans = { free: { models: [MODEL], maxOutputTokens: 100 } };
const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
const WHOLE = JSON.stringify({ id: 'c', choices: [{ message: { content: 'héllo' } }], usage });
const chunk = (more: object) => `data: ${JSON.stringify({ id: 'c', choices: [], ...more })}\n\n`;
const STREAM = [
  chunk({ choices: [{ index: 0, delta: { content: 'héllo' } }] }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  chunk({ usage }),
  'data: [DONE]\n\n',
].join('');

const ways: Record<string, Parameters<typeof startFixture>[0]> = {
  'undici dispatch': {},
  'the app’s own fetch': { fetch: globalThis.fetch },
};

const streamAsked = { stream: true, stream_options: { include_usage: true } };
const ask = async ({ guard }: Fixture, more = {}) => post(guard, await tokenOf(guard), chat(more));

describe.each(Object.entries(ways))('A compressed answer, by %s', (_way, way) => {
  it.each(Object.entries(codings))(
    'A whole answer in the coding "%s" is decoded, read and passed without a content-encoding',
    async (coding, encode) => {
      await using fixture = await startFixture({ plans, ...way });
      const headers = { 'content-encoding': coding };
      fixture.fake.scriptNext({ reply: { body: encode(Buffer.from(WHOLE)), headers } });
      const settled = nextSettled(fixture.guard, 'ada');
      const answer = await ask(fixture);
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect(await answer.text()).toBe(WHOLE);
      expect(await settled).toMatchObject({ inputTokens: 7, outputTokens: 2, estimated: false });
    },
  );

  it.each(Object.entries(codings))(
    'A stream in the coding "%s" is decoded, read and passed without a content-encoding',
    async (coding, encode) => {
      await using fixture = await startFixture({ plans, ...way });
      const headers = { 'content-encoding': coding, 'content-type': 'text/event-stream' };
      fixture.fake.scriptNext({ reply: { body: encode(Buffer.from(STREAM)), headers } });
      const settled = nextSettled(fixture.guard, 'ada');
      const answer = await ask(fixture, streamAsked);
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect(await answer.text()).toBe(STREAM);
      expect(await settled).toMatchObject({ inputTokens: 7, outputTokens: 2, estimated: false });
    },
  );

  it('A compressed refusal means what it says', async () => {
    await using fixture = await startFixture({ plans, ...way });
    const error = { message: 'Too long.', type: 'invalid_request_error', param: 'n', code: 'long' };
    const body = zlib.gzipSync(JSON.stringify({ error }));
    const headers = { 'content-encoding': 'gzip' };
    fixture.fake.scriptNext({ reply: { status: 400, body, headers } });
    const answer = await ask(fixture);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'long']);
  });

  it('A refusal in an unknown coding still counts by its status', async () => {
    await using fixture = await startFixture({ plans, ...way, timeouts: { queue: '10ms' } });
    const headers = { 'content-encoding': 'compress' };
    fixture.fake.script('Say hello.', {
      reply: { status: 429, body: Buffer.from([1, 2, 3]), headers },
    });
    const answer = await ask(fixture);
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_busy']);
  });

  it.each([
    ['compress', false],
    ['compress', true],
    ['gzip, gzip, gzip', true],
  ])(
    'An answer in the coding "%s" is refused before its first byte, with one reason',
    async (coding, stream) => {
      await using fixture = await startFixture({ plans, ...way });
      const headers = {
        'content-encoding': coding,
        'content-type': stream ? 'text/event-stream' : 'application/json',
      };
      // `fetch` rejects more than 5 codings itself, and leaves unknown ones as they are.
      const body = Buffer.from([0x1f, 0x9d, 1, 2, 3]);
      fixture.fake.scriptNext({ reply: { body, headers, billed: true } });
      const settled = nextSettled(fixture.guard, 'ada');
      const answer = await ask(fixture, { stream });
      expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
      expect(fixture.failed).toMatchObject([
        { source: 'upstream', error: { message: expect.stringContaining(`"${coding}"`) } },
      ]);
      expect(await settled).toMatchObject({ estimated: true });
    },
  );

  it('A compressed stream that breaks off ends with an error event', async () => {
    await using fixture = await startFixture({ plans, ...way });
    const bytes = zlib.gzipSync(STREAM);
    const headers = { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' };
    const body = bytes.subarray(0, bytes.length - 12);
    fixture.fake.scriptNext({ reply: { body, headers, billed: true } });
    const text = await (await ask(fixture, streamAsked)).text();
    expect(text).toContain('upstream_failed');
  });

  it('A compressed stream is delivered event by event', async () => {
    await using upstream = await serve(async (response) => {
      response.writeHead(200, {
        'content-encoding': 'gzip',
        'content-type': 'text/event-stream',
      });
      const gzip = zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH });
      gzip.pipe(response);
      gzip.write(STREAM.slice(0, STREAM.indexOf('\n\n') + 2));
    });
    await using fixture = await startFixture({ plans, ...way, baseURL: upstream.baseURL });
    const reader = (await ask(fixture, streamAsked)).body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('héllo');
    await reader?.cancel();
  });
});

describe('A few bytes that expand without end', () => {
  it.each([false, true])(
    'An answer that expands without end is cut ("stream": %s)',
    async (stream) => {
      const bytes = zlib.gzipSync(Buffer.alloc(96 * 1024 * 1024, ' '));
      await using upstream = await serve((response) => {
        const type = stream ? 'text/event-stream' : 'application/json';
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': type }).end(bytes);
      });
      await using fixture = await startFixture({ plans, baseURL: upstream.baseURL });
      const { bytes: received, end } = await readUntilCut(await ask(fixture, { stream }));
      // A stream ends with an error event; a whole answer that passes as it comes ends with its connection.
      expect(end).toContain(stream ? 'upstream_failed' : 'broke');
      expect(received).toBeLessThan(64 * 1024 * 1024);
    },
  );
});

describe('An own fetch that decodes nothing', () => {
  it.each(Object.entries(codings))(
    'A body in the coding "%s" is decoded here',
    async (coding, encode) => {
      const headers = { 'content-encoding': coding, 'content-type': 'application/json' };
      const fetch = async () =>
        new Response(new Uint8Array(encode(Buffer.from(WHOLE))), { headers });
      await using fixture = await startFixture({ plans, fetch });
      expect(await (await ask(fixture)).text()).toBe(WHOLE);
    },
  );
});

async function serve(answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads a body, and returns how many bytes came and its last piece; `broke` where it broke off. */
async function readUntilCut({ body }: Response): Promise<{ bytes: number; end: string }> {
  let bytes = 0;
  let last: Uint8Array = new Uint8Array();
  try {
    for await (const piece of body ?? []) {
      bytes += piece.byteLength;
      last = piece;
    }
  } catch {
    return { bytes, end: 'broke' };
  }
  return { bytes, end: Buffer.from(last).toString() };
}
