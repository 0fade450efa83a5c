import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { canaries, chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = {
  free: {
    models: [MODEL, 'gpt-3.5-turbo-instruct'],
    maxOutputTokens: 100,
    limits: [{ tokens: 100_000_000, per: '24h' as const }],
  },
};
const text = 'Grüße, 世界 🙂 — done';

/** Ids and times differ between calls. Everything else must be equal. */
const alike = (stream: string) =>
  stream
    .replace(/((?:chatcmpl-|cmpl-|resp_|msg_|rs_|fc_|call_))[0-9a-z]+/g, '$1ID')
    .replace(/"(created|created_at|completed_at)":\d+/g, '"$1":0');

async function direct(fixture: Fixture, path: string, body: unknown, script: Script) {
  fixture.fake.scriptNext(script);
  const answer = await fetch(fixture.fake.baseURL.replace('/v1', path), {
    method: 'POST',
    headers: { authorization: `Bearer ${canaries.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { type: answer.headers.get('content-type'), text: alike(await answer.text()) };
}

async function guarded(fixture: Fixture, path: string, body: unknown, script: Script) {
  fixture.fake.scriptNext(script);
  const answer = await post(fixture.guard, await tokenOf(fixture.guard), body, path);
  return { type: answer.headers.get('content-type'), text: alike(await answer.text()) };
}

const CHAT = '/v1/chat/completions';
const asked = { stream: true, stream_options: { include_usage: true } };
const streams: readonly [string, string, Record<string, unknown>, Script][] = [
  ['a chat without stream_options', CHAT, chat({ stream: true }), { text }],
  ['a chat with include_usage', CHAT, chat(asked), { text }],
  [
    'a chat with include_usage: false',
    CHAT,
    chat({ stream: true, stream_options: { include_usage: false } }),
    { text },
  ],
  [
    'a chat without padding',
    CHAT,
    chat({ stream: true, stream_options: { include_obfuscation: false } }),
    { text },
  ],
  [
    'a chat with text about usage',
    CHAT,
    chat({ stream: true }),
    { text: '"usage":null,"choices":[] data: [DONE]' },
  ],
  [
    'a chat with tool calls',
    CHAT,
    chat({ stream: true }),
    { toolCalls: [{ name: 'f', arguments: { usage: null } }] },
  ],
  ['an empty chat', CHAT, chat({ stream: true }), { text: '' }],
  [
    'a response',
    '/v1/responses',
    { model: MODEL, input: 'hi', stream: true },
    { text, reasoningTokens: 5 },
  ],
  [
    'a completion',
    '/v1/completions',
    { model: 'gpt-3.5-turbo-instruct', prompt: 'hi', stream: true },
    { text },
  ],
];
/** The fields that the guard sets, so that the direct call sends the same ones. */
const caps: Record<string, object> = {
  [CHAT]: { max_completion_tokens: 100 },
  '/v1/responses': {
    max_output_tokens: 100,
    store: false,
    include: ['reasoning.encrypted_content'],
    service_tier: 'default',
  },
  '/v1/completions': { max_tokens: 16 },
};

describe('A stream through the guard', () => {
  it.each(streams)('The stream equals OpenAI’s own bytes: %s', async (_, path, body, script) => {
    await using fixture = await startFixture({ plans, endUserId: () => 'tag' });
    const tag = path === '/v1/responses' ? { safety_identifier: 'tag' } : {};
    const expected = await direct(fixture, path, { ...body, ...caps[path], ...tag }, script);
    expect(await guarded(fixture, path, body, script)).toEqual(expected);
    await expect.poll(() => fixture.settled.length).toBe(1);
    const line = fixture.fake.invoice[1];
    expect(fixture.settled[0]).toMatchObject({
      inputTokens: line?.inputTokens,
      outputTokens: line?.outputTokens,
      estimated: false,
    });
  });

  it.each(['every-chunk', 'finish-chunk', 'after-done'] as const)(
    'A stream with usage in %s equals OpenAI’s own bytes and is charged once',
    async (usageIn) => {
      await using fixture = await startFixture({ plans });
      const body = chat(asked);
      const expected = await direct(fixture, CHAT, body, { text, usageIn });
      expect(await guarded(fixture, CHAT, body, { text, usageIn })).toEqual(expected);
      await expect.poll(() => fixture.settled.length).toBe(1);
      expect(fixture.settled[0]?.outputTokens).toBe(fixture.fake.invoice[1]?.outputTokens);
    },
  );
});

describe('A stream that is cut into pieces', () => {
  it.each(streams)('Cuts change neither bytes nor charge: %s', async (_, path, body, script) => {
    await using fixture = await startFixture({ plans });
    const whole = await guarded(fixture, path, body, script);
    await expect.poll(() => fixture.settled.length).toBe(1);
    const { inputTokens, outputTokens } = fixture.settled[0] ?? {};
    let calls = 1;
    const sameWhenCut = async (cuts: number | readonly number[]) => {
      expect(await guarded(fixture, path, body, { ...script, cuts })).toEqual(whole);
      calls += 1;
      await expect.poll(() => fixture.settled.length, { interval: 1 }).toBe(calls);
      expect(fixture.settled.at(-1)).toMatchObject({ inputTokens, outputTokens, estimated: false });
    };
    for (const size of [1, 2, 3, 7, 64]) await sameWhenCut(size);
    const length = Buffer.byteLength(whole.text) + 1_000;
    const places = fc.uniqueArray(fc.integer({ min: 1, max: length }), {
      minLength: 1,
      maxLength: 6,
    });
    const property = fc.asyncProperty(places, (cuts) => sameWhenCut(cuts.sort((a, b) => a - b)));
    await fc.assert(property, { numRuns: 20 });
  });

  it('A cut at any single byte of the last chunks changes nothing', async () => {
    await using fixture = await startFixture({ plans });
    const body = chat({ stream: true });
    const script = { text: 'end' };
    const whole = await guarded(fixture, CHAT, body, script);
    const raw = await direct(fixture, CHAT, chat(asked), script);
    const end = Buffer.byteLength(raw.text) + 200;
    const cuts = Array.from({ length: 400 }, (_, index) => end - index);
    for (const cut of cuts)
      expect(await guarded(fixture, CHAT, body, { ...script, cuts: [cut] })).toEqual(whole);
    await expect.poll(() => fixture.settled.length).toBe(401);
    const [first] = fixture.settled;
    for (const charge of fixture.settled) {
      expect(charge).toMatchObject({ outputTokens: first?.outputTokens, estimated: false });
    }
  });
});
