import { createServer } from 'node:http';
import fc from 'fast-check';
import OpenAI from 'openai';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorReply, redirectTo } from '../../src/testing/fake-openai/error-replies.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';

const model = 'gpt-5-mini';
const messages = [{ role: 'user' as const, content: 'How deep is the sea?' }];
const authorization = 'Bearer sk-test';

let fake: FakeOpenAI;
let client: OpenAI;
beforeEach(async () => {
  fake = await fakeOpenAI();
  client = new OpenAI({ apiKey: 'sk-test', baseURL: fake.baseURL, maxRetries: 0 });
});
afterEach(() => fake.close());

function post(path: string, body: object): Promise<Response> {
  const init = { method: 'POST', headers: { authorization }, body: JSON.stringify(body) };
  return fetch(fake.baseURL + path, { ...init, redirect: 'manual' });
}

const chat = (more: object = {}) => post('/chat/completions', { model, messages, ...more });

/** Reads as far as possible. Returns the text and whether it ended cleanly. */
async function readAll(response: Response): Promise<{ text: string; clean: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
    return { text, clean: true };
  } catch {
    return { text, clean: false };
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const framesIn = (text: string) => text.split('\n\n').filter(Boolean);

describe('A stream of the fake that breaks', () => {
  it('A stream can end cleanly after every chunk, is billed so far and is never complete', async () => {
    for (const [path, body] of [
      ['/chat/completions', { messages }],
      ['/responses', { input: 'x' }],
    ] as const) {
      fake.scriptNext({ tokens: 3 });
      const whole = framesIn(
        await (await post(path, { model, stream: true, ...body })).text(),
      ).length;
      for (let afterChunks = 0; afterChunks < whole; afterChunks++) {
        fake.scriptNext({ tokens: 3, break: { with: 'eof', afterChunks } });
        const { text, clean } = await readAll(await post(path, { model, stream: true, ...body }));
        expect([framesIn(text).length, clean]).toEqual([afterChunks, true]);
        expect(fake.invoice.at(-1)?.complete).toBe(false);
        expect(fake.invoice.at(-1)?.outputTokens).toBeLessThanOrEqual(3);
      }
    }
  });

  it.each(['reset', 'half-close'] as const)(
    'A stream arrives up to its %s and then fails',
    async (how) => {
      fake.scriptNext({ tokens: 9, break: { with: how, afterChunks: 4 } });
      const { text, clean } = await readAll(await chat({ stream: true }));
      expect([framesIn(text).length, clean]).toEqual([4, false]);
      expect(fake.invoice[0]).toMatchObject({ outputTokens: 3, complete: false });
    },
  );

  it('A stream can hang before the headers or in the middle until the reader disconnects', async () => {
    for (const afterChunks of [undefined, 2]) {
      const leaving = new AbortController();
      fake.scriptNext({ tokens: 9, break: { with: 'hang', ...(afterChunks && { afterChunks }) } });
      const asked = client.chat.completions.create(
        { model, messages, stream: true },
        { signal: leaving.signal },
      );
      await fake.received(fake.requests.length + 1);
      leaving.abort();
      await asked.then((stream) => stream.controller.abort()).catch(() => undefined);
      await fake.idle();
    }
    expect(fake.invoice.map((line) => line.complete)).toEqual([false, false]);
    expect(fake.invoice[0]?.outputTokens).toBe(0);
  });

  it('A stream can carry an error event inside the 200, which the SDK throws', async () => {
    fake.scriptNext({ break: { with: 'error-event', afterChunks: 2 } }, 2);
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    await expect(drain(stream)).rejects.toMatchObject({ code: 'server_error' });
    const events = await client.responses.create({ model, input: 'x', stream: true });
    await expect(drain(events)).rejects.toMatchObject({ code: 'server_error' });
  });

  it('A whole body can be truncated, cleanly or not', async () => {
    fake.scriptNext({ break: { with: 'eof', afterChunks: 2 } });
    const cut = await readAll(await chat());
    expect(cut).toMatchObject({ clean: true, text: expect.stringMatching(/^\{"id".{27}$/) });
    fake.scriptNext({ break: { with: 'reset', afterChunks: 2 } });
    expect(await readAll(await chat())).toEqual({ clean: false, text: expect.any(String) });
    fake.scriptNext({ break: { with: 'reset' } });
    await expect(chat()).rejects.toThrow('fetch failed');
  });
});

describe('The bytes of an answer of the fake', () => {
  it('The bytes of an answer are the same wherever they are cut, down to one byte per write', async () => {
    const stable = (text: string) =>
      text.replaceAll(/"(id|item_id)":"[^"]*"|"(created|completed)_at":\d+/g, '');
    const body = { model, input: 'ünï€🎉', stream: true };
    fake.script('ünï', { text: 'ünï€🎉' });
    const whole = stable(await (await post('/responses', body)).text());
    const cuts = fc.oneof(
      fc.constant(1),
      fc.array(fc.nat(4_000)).map((list) => list.sort((a, b) => a - b)),
    );
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        fake.scriptNext({ text: 'ünï€🎉', cuts: places });
        expect(stable(await (await post('/responses', body)).text())).toBe(whole);
      }),
      { numRuns: 8 },
    );
  });

  it('The body of an answer can be HTML, empty, gzip or a line without an end', async () => {
    fake.scriptNext({ reply: { body: '<html>', headers: { 'content-type': 'text/html' } } });
    fake.scriptNext({ reply: { body: '' } });
    fake.scriptNext({ gzip: true });
    fake.scriptNext({ lineBytes: 3_000_000 });
    const html = await chat();
    expect([html.headers.get('content-type'), await html.text()]).toEqual(['text/html', '<html>']);
    expect(await (await chat()).text()).toBe('');
    const zipped = await chat();
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.json()).toMatchObject({ object: 'chat.completion' });
    const line = await (await chat()).text();
    expect([line.length > 3_000_000, line.includes('\n')]).toEqual([true, false]);
  });

  it('An answer has the headers of OpenAI and the shared account, and a script can override them', async () => {
    fake.scriptNext({
      headers: { 'openai-organization': 'org-other', 'set-cookie': ['a=1', 'b=2'] },
    });
    const { headers } = await chat();
    expect(headers.get('openai-organization')).toBe('org-other');
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    expect([...headers].length).toBeGreaterThan(18);
  });

  it('A reply can be an unbilled redirect, an unbilled refusal or a billed body', async () => {
    fake.scriptNext({ reply: redirectTo('http://127.0.0.1:1/stolen') });
    fake.scriptNext({ reply: errorReply(503, 'server_error', null, 'busy') });
    fake.scriptNext({ tokens: 4, reply: { body: '{"trunc', billed: true } });
    const redirect = await chat();
    expect([redirect.status, redirect.headers.get('location')]).toEqual([
      307,
      'http://127.0.0.1:1/stolen',
    ]);
    expect((await chat()).status).toBe(503);
    expect(fake.invoice).toEqual([]);
    await chat();
    expect(fake.invoice).toEqual([expect.objectContaining({ outputTokens: 4 })]);
  });
});

describe('The connections of the fake', () => {
  it('The fake can close a keep-alive socket while a request is written', async () => {
    const pool = new Pool(new URL(fake.baseURL).origin, { connections: 1 });
    const ask = () =>
      pool.request({ method: 'GET', path: '/v1/models', headers: { authorization } });
    await (await ask()).body.dump();
    fake.scriptNext({ closeOnRequest: true });
    await expect(ask()).rejects.toThrow('other side closed');
    expect(fake.requests).toHaveLength(1);
    await pool.close();
  });

  it('The method close ends all connections and all waits, also when called twice', async () => {
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate });
    fake.scriptNext({ beforeHeaders: 3_600_000 });
    fake.scriptNext({ neverAnswer: true });
    const asked = [chat(), chat(), chat()].map((answer) => answer.then(String, () => 'failed'));
    await fake.received(3);
    await fake.close();
    await fake.close();
    expect(await Promise.all(asked)).toEqual(['failed', 'failed', 'failed']);
    expect(fake.openSockets).toBe(0);
  });

  it('A gate lets a stream continue one chunk at a time', async () => {
    const gate = fake.gate();
    fake.scriptNext({ tokens: 2, beforeHeaders: gate, betweenChunks: gate });
    const asked = chat({ stream: true });
    await gate.arrived();
    expect(fake.invoice[0]?.outputTokens).toBe(0);
    gate.pass(2);
    const reader = (await asked).body?.getReader();
    await reader?.read();
    await gate.arrived();
    expect(fake.invoice[0]?.outputTokens).toBe(1);
    gate.open();
    await fake.idle();
    expect(fake.invoice[0]).toMatchObject({ outputTokens: 2, complete: true });
  });

  it('The fake rejects a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(fakeOpenAI({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    other.close();
  });
});
