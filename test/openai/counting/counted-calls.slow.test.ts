import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import {
  createGuardedCompletion,
  type Guard,
  type Ledger,
  memoryLedger,
} from '../../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { canaries, chat, MODEL, post, startFixture, tokenOf } from '../../fixture.ts';
import { sqliteFolder } from '../../ledger/sqlite-folder.ts';
import { usualTexts } from './texts.ts';

const stores: readonly (readonly [string, (folder: ReturnType<typeof sqliteFolder>) => Ledger])[] =
  [
    ['memory', () => memoryLedger()],
    ['SQLite', (folder) => folder.open()],
  ];

const plan = (limits: NonNullable<Parameters<typeof startFixture>[0]>['limits'] & object) => ({
  free: { models: [MODEL, 'text-embedding-3-small'], maxOutputTokens: 1_000, limits },
});
const asks = (content: string) => chat({ messages: [{ role: 'user', content }] });

/** The official SDK, which repeats a call that it thinks worth repeating. */
const sdkOf = (guard: Guard) => new OpenAI({ apiKey: 'none', fetch: guard.fetchAs('ada') });

describe.each(stores)('With the %s ledger', (_, ledgerIn) => {
  it.each([
    ['6 kB of English', 'word '.repeat(1_200), { tokens: 5_000, per: 'day' }],
    ['2,000 Chinese characters', usualTexts['Chinese']?.(6_000), { tokens: 5_000, per: 'day' }],
    ['20 kB of German', usualTexts['German']?.(20_000), { tokens: 10_000, per: '24h' }],
    ['20 kB of code', usualTexts['code']?.(20_000), { usd: 0.006, per: 'month' }],
  ] as const)(
    '%s are served under a limit that they fit in and their bytes do not',
    async (_, content, limit) => {
      await using folder = sqliteFolder();
      const plans = plan([limit]);
      await using fixture = await startFixture({ ledger: ledgerIn(folder), plans });
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), asks(content ?? ''));
      expect(answer.status).toBe(200);
      await answer.text();
      await expect.poll(() => fixture.settled).toHaveLength(1);
      expect(fixture.settled[0]).toMatchObject({
        inputTokens: fixture.fake.totals().inputTokens,
        estimated: false,
      });
    },
  );

  it('a call that can never fit is not repeated by the official SDK, and not sent', async () => {
    const plans = plan([{ tokens: 1_500, per: 'day' }]);
    await using folder = sqliteFolder();
    await using fixture = await startFixture({ ledger: ledgerIn(folder), plans });
    const ask = sdkOf(fixture.guard).chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'word '.repeat(1_200) }],
    });
    const error = await ask.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'call_exceeds_limit' });
    expect((error as { error: unknown }).error).toMatchObject({
      limits: [{ name: 'tokens-day', limit: 1_500, remaining: 1_500, needed: expect.any(Number) }],
    });
    expect(fixture.denied).toHaveLength(1);
    expect(fixture.fake.requests).toHaveLength(0);
  });

  it('the same call fits after credit', async () => {
    const plans = plan([{ tokens: 1_500, per: 'day' }]);
    await using folder = sqliteFolder();
    await using fixture = await startFixture({ ledger: ledgerIn(folder), plans });
    await fixture.guard.users.grant('ada', { tokens: 2_000 });
    const answer = await post(
      fixture.guard,
      await tokenOf(fixture.guard),
      asks('word '.repeat(1_200)),
    );
    expect(answer.status).toBe(200);
    await answer.text();
  });

  it('a call that fits in an empty window gets 429 with its time while the window is used', async () => {
    const plans = plan([{ tokens: 3_000, per: 'day' }]);
    await using folder = sqliteFolder();
    await using fixture = await startFixture({ ledger: ledgerIn(folder), plans });
    const token = await tokenOf(fixture.guard);
    const body = asks('word '.repeat(1_200));
    await (await post(fixture.guard, token, body)).text();
    await expect.poll(() => fixture.settled).toHaveLength(1);
    const second = await post(fixture.guard, token, body);
    const { error } = (await second.json()) as { error: Record<string, unknown> };
    expect([second.status, error['code']]).toEqual([429, 'quota_exceeded']);
    expect(error['limits']).toMatchObject([{ needed: expect.any(Number) }]);
  });
});

describe('Counting', () => {
  it('is done by name: an embedding by its own encoding, and token ids without one', async () => {
    const plans = plan([{ inputTokens: 1_300, per: 'day' }]);
    await using fixture = await startFixture({ plans });
    const token = await tokenOf(fixture.guard);
    const embed = (input: unknown) =>
      post(fixture.guard, token, { model: 'text-embedding-3-small', input }, '/v1/embeddings');
    expect((await embed('word '.repeat(600))).status).toBe(200);
    expect((await embed(Array.from({ length: 400 }, () => 100_000))).status).toBe(200);
  });

  it('can be switched off', async () => {
    const plans = plan([{ tokens: 5_000, per: 'day' }]);
    await using fixture = await startFixture({ plans, countTokens: false });
    const token = await tokenOf(fixture.guard);
    const answer = await post(fixture.guard, token, asks('word '.repeat(1_200)));
    expect(answer.status).toBe(400);
  });

  it.each([
    ['https://api.openai.com/v1', 200],
    ['https://eu.api.openai.com/v1', 200],
    ['https://my-resource.openai.azure.com/openai/v1', 200],
    ['https://openrouter.ai/api/v1', 400],
    ['https://api.openai.com.example.com/v1', 400],
    ['https://llm.internal/v1', 400],
  ])('is done for the host of %s: %i', async (baseURL, status) => {
    await using fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
    await using guard = closed(guardAt(baseURL, fake));
    const answer = await post(guard.guard, await tokenOf(guard.guard), asks('word '.repeat(1_200)));
    expect(answer.status).toBe(status);
    await answer.text();
  });
});

function guardAt(baseURL: string, fake: FakeOpenAI): Guard {
  const toFake: typeof globalThis.fetch = (url, init) => {
    const { pathname } = new URL(String(url));
    return fetch(`${fake.baseURL}${pathname.slice(pathname.indexOf('/v1') + 3)}`, init);
  };
  return createGuardedCompletion({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    baseURL,
    fetch: toFake,
    plans: plan([{ tokens: 5_000, per: 'day' }]),
  });
}

const closed = (guard: Guard) => ({
  guard,
  [Symbol.asyncDispose]: () => guard.close({ graceMs: 0 }),
});
