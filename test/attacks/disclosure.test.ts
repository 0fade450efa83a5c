import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { errorReply, openAIErrors } from '../../src/testing/fake-openai/error-replies.ts';
import { canaries, chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { LeakScanner } from '../leak-scanner.ts';
import { serveFixture } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const scanner = new LeakScanner();
scanner.watch('key', canaries.apiKey.slice('sk-canary-'.length));
scanner.watch('secret', canaries.secret);
scanner.watch('prompt', canaries.prompt.slice('canary prompt '.length));
const leakIn = (text: string) => scanner.find(Buffer.from(text));
const everything = (value: unknown) =>
  inspect(value, { depth: 20, showHidden: true, getters: true, maxArrayLength: null });
const secretly = { messages: [{ role: 'user', content: canaries.prompt }] };

const ALLOWED = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'openai-processing-ms',
  'openai-version',
  'transfer-encoding',
  'vary',
  'x-accel-buffering',
  'x-content-type-options',
  'x-guard-code',
  'x-guard-reset',
  'x-guard-waited-ms',
  'x-request-id',
  'x-should-retry',
  'retry-after',
]);

describe('OpenAI’s response headers about the account', () => {
  const headers = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`x-internal-${index}`, `value-${index}`]),
  );
  it.each([
    ['a whole answer', {}, false],
    ['a stream', {}, true],
    ['a refusal', { reply: errorReply(400, 'invalid_request_error', null, 'no') }, false],
    ['a rate limit', { reply: openAIErrors.rateLimited() }, false],
  ])('OpenAI’s account headers are not forwarded with %s', async (_, script, stream) => {
    await using served = await serveFixture();
    served.fake.scriptNext({ ...script, headers });
    const answer = await fetch(`${served.origin}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await tokenOf(served.guard)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(chat({ stream })),
    });
    const text = await answer.text();
    expect([...answer.headers.keys()].filter((name) => !ALLOWED.has(name))).toEqual([]);
    expect(text).not.toMatch(/org-fake|proj_fake/);
  });
});

describe('The API key', () => {
  const inMessage = (status: number) =>
    errorReply(
      status,
      `type ${canaries.apiKey}`,
      `code ${canaries.apiKey}`,
      `message ${canaries.apiKey}`,
      canaries.apiKey,
    );
  it.each([
    ['401', openAIErrors.invalidApiKey(canaries.apiKey)],
    ['401 in full', inMessage(401)],
    ['403', inMessage(403)],
    ['400', inMessage(400)],
    ['404', inMessage(404)],
    ['422', inMessage(422)],
    ['429', inMessage(429)],
    ['500', inMessage(500)],
    ['503', inMessage(503)],
    ['302', { status: 302, headers: { location: `http://127.0.0.1/${canaries.apiKey}` } }],
    ['no JSON', { status: 400, body: `oops ${canaries.apiKey}` }],
  ])('The API key is in no response or event when OpenAI repeats it: %s', async (_, reply) => {
    for (const stream of [false, true]) {
      await using fixture = await startFixture({ timeouts: { queue: '10ms' } });
      const { guard, fake } = fixture;
      fake.script('Say hello.', { reply });
      const answer = await post(guard, await tokenOf(guard), chat({ stream }));
      expect(answer.status).toBeGreaterThanOrEqual(400);
      const head = JSON.stringify([...answer.headers]);
      expect(leakIn(head + (await answer.text()))).toBeUndefined();
      const { denied, failed, settled, released } = fixture;
      expect(leakIn(everything([denied, failed, settled, released]))).toBeUndefined();
    }
  });

  it('An API key that OpenAI rejects is reported as upstream_account, not as a user error', async () => {
    await using fixture = await startFixture();
    fixture.fake.scriptNext({ reply: openAIErrors.invalidApiKey(canaries.apiKey) });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'upstream_account']);
    expect(fixture.failed).toMatchObject([{ source: 'upstream_account' }]);
  });

  it('The API key does not appear when the guard is printed or serialized, nor in a user’s usage', async () => {
    await using fixture = await startFixture();
    const { guard } = fixture;
    await (await post(guard, await tokenOf(guard), chat())).text();
    expect(leakIn(everything(guard))).toBeUndefined();
    expect(leakIn(JSON.stringify(guard))).toBeUndefined();
    expect(leakIn(everything(await guard.users.usage('ada')))).toBeUndefined();
    expect(leakIn(everything(guard.client('ada')))).toBeUndefined();
  });

  it.each([
    ['the connection breaks', { break: { with: 'reset' } as const }],
    ['the answer breaks', { break: { with: 'reset', afterChunks: 1 } as const }],
  ])('The API key does not appear in the error or its causes when %s', async (_, script) => {
    await using fixture = await startFixture();
    fixture.fake.scriptNext(script);
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(leakIn(await answer.text())).toBeUndefined();
    expect(fixture.failed).toHaveLength(1);
    expect(leakIn(everything(fixture.failed))).toBeUndefined();
  });

  it.each([`${canaries.apiKey}\n`, `${canaries.apiKey} x`, ''])(
    'A malformed API key is not repeated by the error (%#)',
    async (apiKey) => {
      await using fixture = await startFixture({ apiKey: () => apiKey });
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
      expect([answer.status, await codeOf(answer)]).toEqual([500, 'internal_error']);
      expect(leakIn(everything(fixture.failed))).toBeUndefined();
      expect(fixture.released).toHaveLength(1);
    },
  );
});

describe('Prompts and responses', () => {
  it('Prompts and responses appear in no event, no ledger record and no console output', async () => {
    const lines: unknown[] = [];
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation((...values) => void lines.push(values)),
    );
    const ledger = spiedLedger();
    await using fixture = await startFixture({ ledger });
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    const answers = [
      {},
      { break: { with: 'eof', afterChunks: 2 } as const },
      { reply: { status: 500 } },
    ];
    for (const script of answers) {
      fake.scriptNext({ text: canaries.prompt, ...script });
      await (await post(guard, token, chat({ ...secretly, stream: true }))).text();
    }
    await post(guard, token, { ...chat(secretly), [canaries.prompt]: 1, model: MODEL });
    await post(guard, token, `{"model": "${canaries.prompt}`);
    for (const spy of spies) spy.mockRestore();
    const { settled, failed, released } = fixture;
    expect(settled.length + released.length).toBe(3);
    expect(leakIn(ledger.dump())).toBeUndefined();
    expect(leakIn(everything([settled, failed, released]))).toBeUndefined();
    expect(lines).toEqual([]);
  });
});

describe('Text that would forge a log line', () => {
  const forged = ['a\nb', 'a\r\nlevel=info', '\u001b[31mred', 'a\u2028b', 'a\u0000b', '"},{"a":"b'];
  it.each(forged)('No event contains text that would forge a log line: %j', async (text) => {
    await using fixture = await startFixture();
    const { guard, denied } = fixture;
    const token = await tokenOf(guard);
    for (const body of [
      chat({ model: text }),
      chat({ [text]: 1 }),
      chat({ tools: [{ type: text }] }),
    ]) {
      expect((await post(guard, token, body)).status).toBe(400);
    }
    await post(guard, token, chat(), `/v1/chat/completions?${encodeURIComponent(text)}=1`);
    expect(denied).toHaveLength(4);
    for (const { message } of denied) {
      expect(message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(message.length).toBeLessThan(400);
    }
    await expect(guard.tokens.issue({ user: `${text}\n` })).rejects.toThrow(TypeError);
  });
});
