import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../src/testing/index.ts';
import { canaries, chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { LeakScanner } from '../leak-scanner.ts';

const KEY = canaries.apiKey;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const scanner = new LeakScanner();
scanner.watch('key', KEY.slice('sk-canary-'.length));

/** The key, in the forms in which an upstream may repeat it. */
const forms: Record<string, string> = {
  'as it is': KEY,
  'in base64': base64(KEY),
  'in base64 behind one letter': base64(`x${KEY} and more`),
  'in base64 with its scheme': base64(`Bearer ${KEY}`),
  'in base64url': Buffer.from(`Bearer ${KEY}?`).toString('base64url'),
  'in hexadecimal': Buffer.from(KEY).toString('hex'),
  spaced: [...KEY].join(' '),
  'over lines': [...KEY].join('\n'),
  percent: [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16)}`).join(''),
};
/** The middle of each form, which no test may find. */
const secrets = Object.values(forms).map((form) =>
  form.slice(form.length / 4, (form.length * 3) / 4),
);

const everything = (value: unknown) => inspect(value, { depth: 20, maxStringLength: null });
function expectNoKey(...texts: readonly string[]) {
  for (const text of texts) {
    expect(scanner.find(Buffer.from(text))).toBeUndefined();
    for (const secret of secrets) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  }
}

const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';
const EVENTS = { 'content-type': 'text/event-stream' };
const json = (value: unknown) => JSON.stringify(value);
const typed = (type: string, data: object) =>
  `event: ${type}\ndata: ${json({ type, ...data })}\n\n`;
const CHUNK = `data: ${json({ id: 'c', choices: [{ index: 0, delta: { content: 'a' } }] })}\n\n`;
const CREATED = typed('response.created', { response: { error: null } });
const escaped = (text: string) =>
  [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

type Place = (text: string) => { readonly path: string; readonly reply: Reply };
const stream = (path: string, body: string) => ({ path, reply: { body, headers: EVENTS } });

const places: Record<string, Place> = {
  'the first event of a chat': (message) =>
    stream(CHAT, `data: ${json({ error: { message, type: 'invalid_request_error' } })}\n\n`),
  'a later event of a chat': (message) =>
    stream(CHAT, `${CHUNK}data: ${json({ error: { message, code: message } })}\n\n`),
  'another field of an event': (message) =>
    stream(CHAT, `${CHUNK}data: ${json({ error: { message: 'no', headers: [message] } })}\n\n`),
  'an event in pieces': (message) =>
    stream(CHAT, `${CHUNK}data: {"error":\ndata: ${json({ message })}}\n\n`),
  'an escaped event': (message) =>
    stream(CHAT, `${CHUNK}data: {"error":{"message":"${escaped(message)}"}}\n\n`),
  'an event that is no JSON': (message) =>
    stream(CHAT, `${CHUNK}event: error\ndata: ${message.replaceAll('\n', ' ')}\n\n`),
  'a flat event of Responses': (message) =>
    stream(RESPONSES, CREATED + typed('error', { message, code: 'server_error' })),
  'a wrapped event of Responses': (message) =>
    stream(RESPONSES, CREATED + typed('error', { error: { message } })),
  'a failed response': (message) =>
    stream(RESPONSES, CREATED + typed('response.failed', { response: { error: { message } } })),
  'a whole answer': (message) => ({
    path: CHAT,
    reply: { body: { error: { message, type: 'invalid_request_error' } } },
  }),
  'a refusal': (message) => ({
    path: CHAT,
    reply: { status: 400, body: { error: { message, type: 'invalid_request_error' } } },
  }),
};

const ask = async ({ guard }: Fixture, path = CHAT) => {
  const body = path === CHAT ? chat() : { model: MODEL, input: 'hi' };
  const answer = await post(guard, await tokenOf(guard), { ...body, stream: true }, path);
  return json([...answer.headers]) + (await answer.text());
};

const cases = Object.entries(places).flatMap(([place, replyWith]) =>
  Object.entries(forms).map(([form, text]) => ({ place, replyWith, form, text })),
);

describe('A key that an upstream repeats', () => {
  it.each(cases)(
    'The key reaches no client and no event from $place, $form',
    async ({ replyWith, text }) => {
      await using fixture = await startFixture();
      const { path, reply } = replyWith(`Your key is ${text}, sorry.`);
      fixture.fake.scriptNext({ reply });
      const { failed, denied, settled, released } = fixture;
      expectNoKey(await ask(fixture, path), everything([failed, denied, settled, released]));
    },
  );

  it.each(['x-request-id', 'openai-version', 'openai-processing-ms', 'content-type'])(
    'The header %s is not passed on with the key in it',
    async (name) => {
      for (const text of Object.values(forms)) {
        await using fixture = await startFixture();
        fixture.fake.scriptNext({ headers: { [name]: text.replaceAll('\n', ' ') } });
        expectNoKey(await ask(fixture));
      }
    },
  );

  it.each([false, true])(
    'The key is masked in the text of an answer ("stream": %s)',
    async (stream) => {
      await using fixture = await startFixture();
      fixture.fake.scriptNext({ text: KEY, tokensPerChunk: 1_000 });
      const { guard } = fixture;
      const answer = await post(guard, await tokenOf(guard), chat({ stream }));
      const text = await answer.text();
      expectNoKey(text);
      expect(text).toContain('*'.repeat(KEY.length));
      if (!stream) JSON.parse(text);
    },
  );

  it('An answer with something like the key passes unchanged', async () => {
    await using fixture = await startFixture();
    const part = `${KEY.slice(0, 10)}${'x'.repeat(KEY.length - 10)}`;
    fixture.fake.scriptNext({ text: part, tokensPerChunk: 1_000 });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(await answer.text()).toContain(part);
  });

  it('The error of an own fetch is reported without the key', async () => {
    const fetch = async (_url: unknown, init?: RequestInit) => {
      throw Object.assign(new Error(`failed with ${KEY}`), { request: { headers: init?.headers } });
    };
    await using fixture = await startFixture({ fetch: fetch as typeof globalThis.fetch });
    expectNoKey(await ask(fixture), everything(fixture.failed));
    expect(fixture.failed).toMatchObject([{ source: 'upstream', error: { sent: true } }]);
  });

  it('An answer that is no HTTP is reported without the key', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => socket.end(`HTTP/9 ${bytes.toString('latin1')}`));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await using fixture = await startFixture({ baseURL: `http://127.0.0.1:${port}/v1` });
    expectNoKey(await ask(fixture), everything(fixture.failed));
    expect(fixture.failed).toMatchObject([{ source: 'upstream' }]);
    await new Promise((done) => server.close(done));
  });
});
