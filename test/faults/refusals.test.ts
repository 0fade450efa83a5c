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
  /** What the operator is told. */
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
    name: 'F07 the rate limit of the app',
    reply: openAIErrors.rateLimited(7),
    status: 429,
    code: 'rate_limit_exceeded',
    shouldRetry: null,
  },
  { name: 'F07 an account out of credit', reply: openAIErrors.insufficientQuota(), ...account },
  {
    name: 'F07 a spend limit',
    reply: openAIErrors.insufficientQuota('project_spend_limit_exceeded'),
    ...account,
  },
  {
    name: 'F07 an account that is not active',
    reply: errorReply(429, 'billing', 'billing_not_active', 'Pay first.'),
    ...account,
  },
  {
    name: 'F15 a key that was revoked',
    reply: openAIErrors.invalidApiKey(canaries.apiKey),
    ...account,
  },
  { name: 'F15 a 401 without words', reply: { status: 401, body: '' }, ...account },
  { name: 'F15 a country that is not served', reply: openAIErrors.forbidden(), ...account },
  {
    name: 'F08 a server error',
    reply: openAIErrors.serverError(),
    status: 502,
    code: 'upstream_failed',
    shouldRetry: null,
  },
  {
    name: 'F08 an error page',
    reply: { status: 502, body: '<html>Bad gateway' },
    status: 502,
    code: 'upstream_failed',
    shouldRetry: null,
  },
  {
    name: 'F08 an overloaded model',
    reply: openAIErrors.overloaded(),
    status: 503,
    code: 'upstream_busy',
    shouldRetry: null,
  },
  {
    name: 'F09 a refused request',
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

describe('a refusal by OpenAI before it generated anything', () => {
  it.each(streams)(
    '$name costs nothing, names its cause, and no account ("stream": $stream)',
    async (refusal) => {
      const ledger = watchedLedger();
      await using fixture = await startFixture({ plans, ledger });
      const { fake, guard } = fixture;
      fake.scriptNext({ reply: refusal.reply });
      const ending = nextEnding(guard, 'ada');
      const answer = await post(guard, await tokenOf(guard), chat({ stream: refusal.stream }));
      expect(answer.status).toBe(refusal.status);
      expect(answer.headers.get('x-should-retry')).toBe(refusal.shouldRetry);
      const text = await answer.text();
      expect(JSON.parse(text).error.code ?? '').toBe(refusal.code);
      expect(text).not.toMatch(/sk-|org-|billing details|html/);
      expect(await ending).toEqual({ released: true });
      expect(allEndings(ledger)).toEqual([['release']]);
      for (const unit of ['requests', 'tokens', 'concurrent']) {
        expect(await limitCounts(guard, 'ada', unit)).toEqual({ used: 0, held: 0 });
      }
      const told = refusal.told === undefined ? [] : [refusal.told];
      expect(fixture.failed.map(({ source: what }) => what)).toEqual(told);
      expect(fake.requests).toHaveLength(1);
    },
  );

  it('F07 the rate limit of the app passes with its time to come back', async () => {
    await using fixture = await startFixture({ plans });
    fixture.fake.scriptNext({ reply: openAIErrors.rateLimited(7) });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await answer.text()).not.toContain('org-');
  });

  it.each([
    ['F07', openAIErrors.insufficientQuota()],
    ['F15', openAIErrors.invalidApiKey()],
  ])('%s trouble of the account is no reason for an SDK to try again', async (_, reply) => {
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

describe('F08 an error of OpenAI after its first bytes', () => {
  it('raises in the SDK, and is charged the hold', async () => {
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

describe('A51 a redirect', () => {
  it.each([302, 307, 308] as const)(
    'of status %i is not followed, with either way of calling',
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

describe('B30 a success that is none', () => {
  it.each([
    ['HTML', '<!doctype html><title>Welcome</title>'],
    ['half a JSON', '{"id":"chatcmpl-1","choices":[{"mess'],
    ['nothing', ''],
    ['a number', '42'],
    ['null', 'null'],
    ['a list', '[]'],
  ])('of %s is answered with 502, and charged its hold once', async (_, body) => {
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

  it('of HTML is no stream either', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, guard } = fixture;
    fake.scriptNext({
      reply: { body: '<html>', headers: { 'content-type': 'text/html' }, billed: true },
    });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    expect([answer.status, await codeOf(answer)]).toEqual([502, 'upstream_failed']);
  });
});

/** A listener that must see nobody. */
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
