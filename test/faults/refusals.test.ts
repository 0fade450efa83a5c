import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import {
  badRequest,
  errorReply,
  openAIErrors,
  redirectTo,
} from '../../src/testing/fake-openai/error-replies.ts';
import type { Reply } from '../../src/testing/fake-openai/script.ts';
import { limitCounts, nextEnding, nextSettled } from '../attacks/served.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { plans } from './proxied.ts';
import { appClient, drain } from './sdk.ts';
import { allEndings, watchedLedger } from './watched-ledger.ts';

interface Refusal {
  readonly name: string;
  readonly reply: Reply;
  readonly status: number;
  readonly code: string;
  readonly shouldRetry: string | null;
  /** The source of the event that the operator receives, if it is not `upstream`. */
  readonly told?: 'upstream_account';
}

const account = {
  status: 503,
  code: 'upstream_account',
  shouldRetry: 'false',
  told: 'upstream_account',
} as const;
const refusals: readonly Refusal[] = [
  {
    name: 'rate limit of the app',
    reply: openAIErrors.rateLimited(7),
    status: 503,
    code: 'upstream_busy',
    shouldRetry: null,
  },
  { name: 'account out of credit', reply: openAIErrors.insufficientQuota(), ...account },
  {
    name: 'spend limit',
    reply: openAIErrors.insufficientQuota('project_spend_limit_exceeded'),
    ...account,
  },
  {
    name: 'inactive account',
    reply: errorReply(429, 'billing', 'billing_not_active', 'Pay first.'),
    ...account,
  },
  {
    name: 'revoked key',
    reply: openAIErrors.invalidApiKey(canaries.apiKey),
    ...account,
  },
  { name: '401 without a body', reply: { status: 401, body: '' }, ...account },
  { name: 'unsupported country', reply: openAIErrors.forbidden(), ...account },
  {
    name: 'server error',
    reply: openAIErrors.serverError(),
    status: 502,
    code: 'upstream_failed',
    shouldRetry: null,
  },
  {
    name: 'error page',
    reply: { status: 502, body: '<html>Bad gateway' },
    status: 502,
    code: 'upstream_failed',
    shouldRetry: null,
  },
  {
    name: 'overloaded model',
    reply: openAIErrors.overloaded(),
    status: 503,
    code: 'upstream_busy',
    shouldRetry: null,
  },
  {
    name: 'bad request',
    reply: badRequest('The model is not available to you.'),
    status: 400,
    code: '',
    shouldRetry: null,
  },
];

const streams = refusals.flatMap((refusal) => [
  { ...refusal, stream: false },
  { ...refusal, stream: true },
]);

describe('A refusal by OpenAI before it generated anything', () => {
  it.each(streams)(
    'An OpenAI refusal ($name) costs no tokens, names its cause and reveals no account ("stream": $stream)',
    async (refusal) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, ledger, timeouts: { queue: '10ms' } });
      const { fake, guard } = fixture;
      fake.script('Say hello.', { reply: refusal.reply });
      const ending = nextEnding(guard, 'ada');
      const answer = await post(guard, await tokenOf(guard), chat({ stream: refusal.stream }));
      expect(answer.status).toBe(refusal.status);
      expect(answer.headers.get('x-should-retry')).toBe(refusal.shouldRetry);
      const text = await answer.text();
      expect(JSON.parse(text).error.code ?? '').toBe(refusal.code);
      expect(text).not.toMatch(/sk-|org-|billing details|html/);
      const isForContent = refusal.status === 400;
      expect(Object.keys(await ending)).toEqual([isForContent ? 'settled' : 'released']);
      expect(allEndings(ledger)).toEqual([[isForContent ? 'settle' : 'release']]);
      for (const unit of ['requests', 'tokens', 'concurrent']) {
        const used = isForContent && unit === 'requests' ? 1 : 0;
        expect(await limitCounts(guard, 'ada', unit)).toEqual({ used, held: 0 });
      }
      expect(fixture.failed).toMatchObject([{ source: refusal.told ?? 'upstream' }]);
      expect(fake.requests).toHaveLength(1);
    },
  );

  it('A call that cannot wait for a rate limit of OpenAI is told when to come back, spread by two seconds', async () => {
    await using fixture = await startFixture({ plans, timeouts: { queue: '10ms' } });
    fixture.fake.script('Say hello.', { reply: openAIErrors.rateLimited(7) });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    // Up to a second by the pause of the upstream, and another by the header.
    expect(answer.headers.get('retry-after')).toMatch(/^[789]$/);
    expect(await answer.text()).not.toContain('org-');
  });

  it.each([
    ['out of credit', openAIErrors.insufficientQuota()],
    ['revoked key', openAIErrors.invalidApiKey()],
  ])('The official SDK does not retry after account trouble (%s)', async (_, reply) => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    fake.script('Say hello.', { reply });
    const client = await appClient(guard, 'ada', 2);
    const failed = client.chat.completions.create(chat() as never);
    await expect(failed).rejects.toMatchObject({ status: 503, code: 'upstream_account' });
    await expect(failed).rejects.not.toBeInstanceOf(OpenAI.AuthenticationError);
    expect(fake.requests).toHaveLength(1);
  });
});

describe('An error of OpenAI after its first bytes', () => {
  it('A stream that OpenAI resets raises in the SDK and is charged its hold', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    fake.scriptNext({ text: 'one two three', break: { with: 'reset', afterChunks: 3 } });
    const settled = nextSettled(guard, 'ada');
    const client = await appClient(guard);
    const stream = await client.chat.completions.create(chat({ stream: true }) as never);
    const { error } = await drain(stream as unknown as AsyncIterable<unknown>);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    const charge = await settled;
    expect(charge.outputTokens).toBeGreaterThanOrEqual(fake.invoice[0]?.outputTokens ?? Infinity);
    expect(charge.outputTokens).toBe(100);
  });
});

describe('A redirect from OpenAI', () => {
  it.each([302, 307, 308] as const)(
    'A redirect with status %i is not followed, with or without a custom fetch',
    async (status) => {
      await using canary = await canaryListener();
      for (const fetch of [undefined, globalThis.fetch]) {
        await using fixture = await startFixture({ plans, ...(fetch && { fetch }) });
        fixture.fake.scriptNext({
          reply: redirectTo(`http://127.0.0.1:${canary.port}/v1`, status),
        });
        const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
        expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
        expect(answer.headers.get('location')).toBeNull();
      }
      expect(canary.connections()).toBe(0);
    },
  );
});

describe('A malformed success from OpenAI', () => {
  it.each([
    ['HTML', '<!doctype html><title>Welcome</title>'],
    ['truncated JSON', '{"id":"chatcmpl-1","choices":[{"mess'],
    ['nothing', ''],
    ['a number', '42'],
    ['null', 'null'],
    ['an array', '[]'],
  ])('A success with %s as its body returns 502 and is charged its hold once', async (_, body) => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger });
    const { fake, guard } = fixture;
    fake.scriptNext({ reply: { body, billed: true } });
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, await tokenOf(guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(await settled).toMatchObject({ outputTokens: 100, estimated: true });
    expect(allEndings(ledger)).toEqual([['settle']]);
  });

  it('A stream request that receives HTML returns 502', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    fake.scriptNext({
      reply: { body: '<html>', headers: { 'content-type': 'text/html' }, billed: true },
    });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
  });
});

/** A listener that must receive no connection. */
async function canaryListener() {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}
