import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AllowancesSpec, GuardOptions } from '../../src/index.ts';
import { limitCounts, rawChat, serveFixture } from '../attacks/served.ts';
import { spiedLedger } from '../attacks/spied-ledger.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, rawExchange, rawPost, statusOf } from '../http/client.ts';

const BODY_BYTES_MAX = 64 * 1024;
const bounds = { bodyBytes: BODY_BYTES_MAX };
const oversized = JSON.stringify(chat({ stop: 'x'.repeat(BODY_BYTES_MAX) }));
const head = (token: string, more: string) =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer ${token}\r\n` +
  `content-type: application/json\r\n${more}\r\n`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe('A body over the limit', () => {
  it.each([
    [
      'with a content-length, never sent',
      (token: string) => head(token, 'content-length: 999999999\r\n'),
    ],
    [
      'in chunks',
      (token: string) => head(token, 'transfer-encoding: chunked\r\n') + chunk(oversized),
    ],
    [
      'in endless small chunks',
      (token: string) =>
        head(token, 'transfer-encoding: chunked\r\n') + chunk('x'.repeat(1_000)).repeat(70),
    ],
  ])(
    'An oversized body is rejected with 413 and no hold: %s',
    { concurrent: true },
    async (_, bytes) => {
      const ledger = spiedLedger();
      await using served = await serveFixture({ bounds, ledger });
      const token = await tokenOf(served.guard);
      const request = openRequest(served.port, bytes(token));
      const closed = new Promise((resolve) => request.socket.once('close', resolve));
      const answer = await request.until('"request_too_large"');
      expect(statusOf(answer)).toBe(413);
      expect(answer.toLowerCase()).toContain('connection: close');
      await closed;
      expect(ledger.reserved).toEqual([]);
      expect(served.fake.requests).toEqual([]);
    },
  );

  it('An oversized body that has arrived is rejected with 413 and no hold, and its connection serves the next request', async () => {
    const ledger = spiedLedger();
    await using served = await serveFixture({ bounds, ledger });
    const token = await tokenOf(served.guard);
    const request = openRequest(served.port, rawPost('/v1/chat/completions', token, oversized));
    expect(statusOf(await request.until('"request_too_large"'))).toBe(413);
    expect(ledger.reserved).toEqual([]);
    expect(served.fake.requests).toEqual([]);
    request.socket.write(rawPost('/v1/nothing', token, '{}'));
    await request.until('"unknown_endpoint"');
    request.socket.destroy();
  });

  it('A body may be exactly as long as the limit, and not one byte longer', async () => {
    await using fixture = await startFixture({ bounds });
    const token = await tokenOf(fixture.guard);
    const exact = JSON.stringify(chat({ stop: '' }));
    const body = (bytes: number) =>
      exact.replace('"stop":""', `"stop":"${'x'.repeat(bytes - exact.length)}"`);
    expect((await post(fixture.guard, token, body(BODY_BYTES_MAX))).status).toBe(200);
    expect((await post(fixture.guard, token, body(BODY_BYTES_MAX + 1))).status).toBe(413);
  });
});

describe('The default limit of a body', () => {
  const MIB = 1024 * 1024;
  const allowing = (allow: AllowancesSpec) => ({ plans: { free: { models: [MODEL], allow } } });
  const statusFor = async (options: Partial<GuardOptions>, bytes: number) => {
    await using fixture = await startFixture(options);
    const exact = JSON.stringify(chat({ stop: '' }));
    const body = exact.replace('"stop":""', `"stop":"${'x'.repeat(bytes - exact.length)}"`);
    return (await post(fixture.guard, await tokenOf(fixture.guard), body)).status;
  };

  it('A body may have 4 MiB, and 20 MiB where the plan allows images, files or audio', async () => {
    expect(await statusFor(allowing({}), 4 * MIB)).toBe(200);
    expect(await statusFor(allowing({}), 4 * MIB + 1)).toBe(413);
    for (const allow of [{ images: {} }, { files: {} }, { audio: {} }]) {
      expect(await statusFor(allowing(allow), 4 * MIB + 1)).toBe(200);
    }
    expect(await statusFor(allowing({ images: {} }), 20 * MIB)).toBe(200);
    expect(await statusFor(allowing({ images: {} }), 20 * MIB + 1)).toBe(413);
  });

  it('A limit that is set applies to every plan', async () => {
    const set = { bounds: { bodyBytes: 5 * MIB } };
    expect(await statusFor({ ...allowing({}), ...set }, 5 * MIB)).toBe(200);
    expect(await statusFor({ ...allowing({ images: {} }), ...set }, 5 * MIB + 1)).toBe(413);
  });
});

describe('A compressed body', () => {
  const bomb = Buffer.alloc(32 * 1024 * 1024);
  it.each([
    ['gzip', gzipSync(bomb)],
    ['deflate', deflateSync(bomb)],
    ['br', brotliCompressSync(bomb.subarray(0, 1_000_000))],
    ['zstd', zstdCompressSync(bomb)],
    ['gzip, gzip', gzipSync(gzipSync(bomb))],
    ['x-unknown', Buffer.from('x')],
    ['identity, gzip', Buffer.from('x')],
  ])('A compressed body is rejected without unpacking: %s', async (encoding, bytes) => {
    await using fixture = await startFixture();
    const memoryBefore = process.memoryUsage().arrayBuffers;
    const headers = {
      authorization: `Bearer ${await tokenOf(fixture.guard)}`,
      'content-type': 'application/json',
      'content-encoding': encoding,
    };
    const init = { method: 'POST', headers, body: bytes };
    const answer = await fixture.guard.handler(
      new Request('http://app.test/v1/chat/completions', init),
    );
    expect([answer.status, await codeOf(answer)]).toEqual([415, 'unsupported_media_type']);
    expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(4 * 1024 * 1024);
  });
});

describe('A body that is deep or has many parts', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const withStop = (text: string) =>
    JSON.stringify(chat({ stop: 0 })).replace('"stop":0', `"stop":${text}`);
  it.each([
    ['depth 100,000', withStop(nested(100_000)), 400],
    [
      'depth 100,000 of objects',
      withStop(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
      400,
    ],
    ['depth 100,000 never closed', withStop('['.repeat(100_000)), 400],
    ['depth 65', withStop(nested(64)), 400],
    ['depth 60', withStop(nested(59)), 200],
    ['200,000 keys', withStop(`{${Array.from({ length: 200_000 }, (_, k) => `"${k}":1`)}}`), 400],
    ['200,000 elements', withStop(`[${'1,'.repeat(200_000)}1]`), 400],
    ['200,000 messages', JSON.stringify(chat({ messages: Array(200_000).fill({}) })), 400],
  ])('A deep or large body gets its response at once: %s', async (_, body, status) => {
    await using fixture = await startFixture();
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(status);
    expect(fixture.fake.requests).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe('Text that needs many tokens', () => {
  it.each([['_'], ['語'], ['ab'], [' '], ['🙂']])(
    'Its bytes bound the tokens of the text, which never undercounts: %j',
    async (unit) => {
      const ledger = spiedLedger();
      await using fixture = await startFixture({ ledger });
      const text = unit.repeat(50_000);
      const body = chat({ messages: [{ role: 'user', content: text }] });
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
      expect(answer.status).toBe(200);
      const held = ledger.reserved[0]?.held.inputTokens ?? 0;
      expect(held).toBeGreaterThanOrEqual(Buffer.byteLength(text));
      expect(held).toBeLessThan(Buffer.byteLength(text) * 1.01 + 2_000);
    },
  );
});

describe('Text that is not valid UTF-8 or JSON', () => {
  const bytesOf = (text: string) =>
    Buffer.from(JSON.stringify(chat({ stop: '@' })).replace('@', text), 'latin1');
  it.each([
    ['a lone continuation byte', bytesOf('\x80')],
    ['an overlong slash', bytesOf('\xc0\xaf')],
    ['a surrogate in UTF-8', bytesOf('\xed\xa0\x80')],
    ['a cut character', bytesOf('\xe2\x82')],
    ['a byte order mark', Buffer.concat([Buffer.from('\ufeff'), bytesOf('x')])],
    ['UTF-16', Buffer.from(JSON.stringify(chat()), 'utf16le')],
    ['a raw NUL in a string', bytesOf('\0')],
    ['a raw line end in a string', bytesOf('\n')],
  ])('Text that is not valid UTF-8 or JSON is rejected: %s', async (_, body) => {
    await using fixture = await startFixture();
    const headers = {
      authorization: `Bearer ${await tokenOf(fixture.guard)}`,
      'content-type': 'application/json',
    };
    const init = { method: 'POST', headers, body };
    const answer = await fixture.guard.handler(
      new Request('http://app.test/v1/chat/completions', init),
    );
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'invalid_request']);
    expect(fixture.fake.requests).toEqual([]);
  });

  it.each(['\u0000', '\ud800', '\u2028', '\u202e', 'ä𝄞', '\\u0041'])(
    'Valid text arrives at OpenAI as it was written: %j',
    async (text) => {
      await using fixture = await startFixture();
      const body = chat({ messages: [{ role: 'user', content: text }] });
      expect((await post(fixture.guard, await tokenOf(fixture.guard), body)).status).toBe(200);
      expect(fixture.fake.requests[0]?.body).toMatchObject(body);
    },
  );
});

describe('A client that disconnects while it sends its body', () => {
  it('A disconnect during the body holds nothing and causes no failed event', async () => {
    await using served = await serveFixture({
      plans: {
        free: { models: [MODEL], limits: [{ requests: 5, per: '24h' }, { concurrent: 1 }] },
      },
    });
    for (let round = 0; round < 5; round += 1) {
      const bytes = await rawChat(served.guard, 'ada', chat());
      const request = openRequest(served.port, bytes.slice(0, -5));
      await served.bodyAwaited(round + 1);
      request.socket.destroy();
      await expect.poll(() => served.denied.length).toBe(round + 1);
    }
    expect(await limitCounts(served.guard, 'ada')).toEqual({ used: 0, held: 0 });
    expect(served.failed).toEqual([]);
    const whole = await rawChat(served.guard, 'ada', chat());
    expect(statusOf(await rawExchange(served.port, whole))).toBe(200);
    expect(served.fake.requests).toHaveLength(1);
  });
});
