import { describe, expect, it } from 'vitest';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { nextSettled } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const EMBEDDINGS = 'text-embedding-3-small';
const INSTRUCT = 'gpt-3.5-turbo-instruct';
const open = {
  models: [MODEL, EMBEDDINGS, INSTRUCT],
  maxOutputTokens: 100,
  maxChoices: 4,
  limits: [{ usd: 1_000, per: 'day' }],
};

describe('The output cap', () => {
  const response = (more = {}) => ({ model: MODEL, input: 'Say hello.', ...more });
  const completion = (more = {}) => ({ model: INSTRUCT, prompt: 'Say hello.', ...more });
  it.each([
    ['/v1/chat/completions', chat(), 'max_completion_tokens', 100],
    ['/v1/chat/completions', chat({ max_tokens: 999_999_999 }), 'max_completion_tokens', 100],
    ['/v1/chat/completions', chat({ max_tokens: 7 }), 'max_completion_tokens', 7],
    ['/v1/chat/completions', chat({ max_completion_tokens: 20 }), 'max_completion_tokens', 20],
    [
      '/v1/chat/completions',
      chat({ max_tokens: 9, max_completion_tokens: 50 }),
      'max_completion_tokens',
      9,
    ],
    ['/v1/responses', response(), 'max_output_tokens', 100],
    ['/v1/responses', response({ max_output_tokens: 5_000 }), 'max_output_tokens', 100],
    ['/v1/completions', completion({ max_tokens: 5_000 }), 'max_tokens', 100],
    ['/v1/completions', completion(), 'max_tokens', 16],
  ])('One output cap is sent to %s and bounds the charge (%#)', async (path, body, field, cap) => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans: { free: open }, ledger });
    const { fake, guard } = fixture;
    fake.scriptNext({ adversary: 'max' });
    const settled = nextSettled(guard, 'ada');
    const answer = await post(guard, await tokenOf(guard), body, path);
    expect(answer.status).toBe(200);
    const sent = fake.requests[0]?.body as Record<string, unknown>;
    const caps = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];
    expect(caps.filter((name) => name in sent)).toEqual([field]);
    expect(sent[field]).toBe(cap);
    const { held } = ledger.reserved[0] ?? {};
    const charge = await settled;
    expect(charge.outputTokens).toBe(fake.invoice[0]?.outputTokens);
    expect(charge.outputTokens).toBe(cap);
    expect(charge.inputTokens).toBeLessThanOrEqual(held?.inputTokens ?? -1);
    expect(charge.costNanoUsd).toBeLessThanOrEqual(held?.nanoUsd ?? -1);
  });

  it('Output beyond the cap is charged as OpenAI reports it', async () => {
    await using fixture = await startFixture();
    fixture.fake.scriptNext({ adversary: 'max+1' });
    const settled = nextSettled(fixture.guard, 'ada');
    await (await post(fixture.guard, await tokenOf(fixture.guard), chat())).text();
    expect((await settled).outputTokens).toBe(101);
  });

  it('A call holds only what it needs, and its room is free again as soon as it ends', async () => {
    const ledger = spiedLedger();
    const limits = [{ tokens: 700, per: '24h' as const }];
    await using fixture = await startFixture({ plans: { free: { ...open, limits } }, ledger });
    const token = await tokenOf(fixture.guard);
    for (let call = 0; call < 10; call += 1) {
      fixture.fake.scriptNext({ tokens: 10, inputTokens: 20 });
      const settled = nextSettled(fixture.guard, 'ada');
      const answer = await post(fixture.guard, token, chat({ max_tokens: 100 }));
      expect([call, answer.status]).toEqual([call, 200]);
      await settled;
    }
  });
});

describe('A field that multiplies the work', () => {
  const many = (count: number) => Array.from({ length: count }, () => 'hello');
  it.each([
    ['/v1/chat/completions', chat({ n: 4 })],
    ['/v1/chat/completions', chat({ n: 128 })],
    ['/v1/completions', { model: INSTRUCT, prompt: 'hello', n: 3 }],
    ['/v1/completions', { model: INSTRUCT, prompt: 'hello', best_of: 4 }],
    ['/v1/completions', { model: INSTRUCT, prompt: 'hello', best_of: 20 }],
    ['/v1/completions', { model: INSTRUCT, prompt: many(50) }],
    ['/v1/completions', { model: INSTRUCT, prompt: many(50), n: 2, best_of: 3 }],
    [
      '/v1/completions',
      {
        model: INSTRUCT,
        prompt: [
          [1, 2, 3],
          [4, 5],
        ],
      },
    ],
    ['/v1/embeddings', { model: EMBEDDINGS, input: many(2_048), dimensions: 8 }],
    ['/v1/embeddings', { model: EMBEDDINGS, input: many(2_049), dimensions: 8 }],
    ['/v1/embeddings', { model: EMBEDDINGS, input: [[1, 2], [3]] }],
  ])('A multiplying field on %s is held in full or rejected (%#)', async (path, body) => {
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans: { free: open }, ledger });
    const { fake, guard } = fixture;
    fake.scriptNext({ adversary: 'max' });
    const answer = await post(guard, await tokenOf(guard), body, path);
    await answer.text();
    const [line] = fake.invoice;
    if (line === undefined) {
      expect(answer.status).toBe(400);
      expect(ledger.reserved).toEqual([]);
      return;
    }
    const { held } = ledger.reserved[0] ?? {};
    expect(line.outputTokens).toBeLessThanOrEqual(held?.outputTokens ?? -1);
    expect(line.inputTokens).toBeLessThanOrEqual(held?.inputTokens ?? -1);
    expect((line.costUsd ?? Infinity) * 1e9).toBeLessThanOrEqual((held?.nanoUsd ?? -1) + 1);
  });
});

describe('The service tier', () => {
  it.each(['priority', 'flex', 'scale', 'ultrafast'])(
    'The service tier "%s" is rejected',
    async (service_tier) => {
      await using fixture = await startFixture();
      const answer = await post(
        fixture.guard,
        await tokenOf(fixture.guard),
        chat({ service_tier }),
      );
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'parameter_not_allowed']);
      expect(fixture.fake.requests).toEqual([]);
    },
  );

  it('The service tier is always sent, and the call is priced by the tier that served it', async () => {
    await using fixture = await startFixture({ plans: { free: open } });
    const { fake, guard } = fixture;
    const costs = [];
    for (const serviceTier of ['default', 'priority']) {
      fake.scriptNext({ serviceTier, text: 'the same words', inputTokens: 1_000 });
      const settled = nextSettled(guard, 'ada');
      await (await post(guard, await tokenOf(guard), chat({ service_tier: 'auto' }))).text();
      costs.push((await settled).costNanoUsd);
    }
    expect(fake.requests.map(({ body }) => body)).toMatchObject([
      { service_tier: 'default' },
      { service_tier: 'default' },
    ]);
    expect(costs[1]).toBeCloseTo(1.8 * (costs[0] ?? 0), 0);
    expect(costs[0]).toBeGreaterThan(0);
  });
});

describe('The model that OpenAI reports', () => {
  it('A call is charged for the model that served it, even when another was requested', async () => {
    await using fixture = await startFixture({ plans: { free: open } });
    const { fake, guard } = fixture;
    fake.scriptNext({ model: 'gpt-5', inputTokens: 1_000, tokens: 50 });
    const settled = nextSettled(guard, 'ada');
    await (await post(guard, await tokenOf(guard), chat())).text();
    const { costNanoUsd, model } = await settled;
    expect(model).toBe('gpt-5');
    expect(costNanoUsd / 1e9).toBeCloseTo(fake.invoice[0]?.costUsd ?? Number.NaN, 9);
  });
});

describe('A model without a price', () => {
  const models = ['*'];
  const strange = [
    'gpt-99',
    'my-own-model',
    'GPT-5-mini-cheap',
    'ft:gpt-99:acme::1',
    'constructor',
  ];
  const limits = [{ usd: 1, per: 'day' as const }];
  it.each(strange)('The unpriced model "%s" is rejected under any money limit', async (model) => {
    for (const options of [
      { plans: { free: { models, limits } } },
      { plans: { free: { models } }, limits },
    ]) {
      await using fixture = await startFixture(options);
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ model }));
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'model_not_priced']);
      expect(fixture.fake.requests).toEqual([]);
    }
  });

  it('An unpriced model is rejected when only the user token has a money limit', async () => {
    await using fixture = await startFixture({ plans: { free: { models } } });
    const { value } = await fixture.guard.tokens.issue({ user: 'ada', limits });
    const answer = await post(fixture.guard, value, chat({ model: 'gpt-99' }));
    expect(await codeOf(answer)).toBe('model_not_priced');
  });

  it('An unpriced model is served and charged at the operator’s own price', async () => {
    const prices = { 'gpt-99': { tokens: { input: 1, output: 2 } } };
    await using fixture = await startFixture({ plans: { free: { models, limits } }, prices });
    const settled = nextSettled(fixture.guard, 'ada');
    fixture.fake.scriptNext({ inputTokens: 10, tokens: 5 });
    await (
      await post(fixture.guard, await tokenOf(fixture.guard), chat({ model: 'gpt-99' }))
    ).text();
    expect((await settled).costNanoUsd).toBe(10 * 1_000 + 5 * 2_000);
  });
});
