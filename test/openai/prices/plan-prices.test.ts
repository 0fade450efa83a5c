import { describe, expect, it } from 'vitest';
import { createGuardedCompletion, type GuardOptions, type LimitSpec } from '../../../src/index.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../../fixture.ts';

const money = [{ usd: 1_000, per: 'day' as const }];
const plan = (models: string[], serviceTiers: string[], limits: LimitSpec[] = []) => ({
  free: { models, limits, maxOutputTokens: 100, allow: { serviceTiers } },
});
const start = (options: Partial<GuardOptions>) => () =>
  createGuardedCompletion({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    plans: { free: { models: ['*'] } },
    ...options,
  }).close();

describe('A service tier of a plan', () => {
  it.each([
    ['in a limit of the plan', { plans: plan(['gpt-4o'], ['flex'], money) }],
    ['in a limit of all users', { plans: plan(['gpt-4o'], ['flex']), limits: money }],
    [
      'in a limit of anonymous users',
      { plans: plan(['gpt-4o'], ['flex']), anonymousLimits: money },
    ],
    ['for one of its models', { plans: plan(['gpt-5-mini', 'gpt-4o'], ['flex'], money) }],
    [
      'in prices without tiers',
      {
        plans: plan(['gpt-4o'], ['flex'], money),
        prices: { 'gpt-4o': { tokens: { input: 1, output: 2 } } },
      },
    ],
  ])('A tier without a price is a TypeError at start where money counts %s', (_, options) => {
    expect(start(options)).toThrow(TypeError);
    expect(start(options)).toThrow(
      '"options.plans.free.allow.serviceTiers": the model "gpt-4o" has no price in the tier "flex"',
    );
  });

  it.each([
    ['without money limits', { plans: plan(['gpt-4o'], ['flex']) }],
    [
      'where money counts another model',
      {
        plans: plan(
          ['gpt-4o', 'gpt-5-mini'],
          ['flex'],
          [{ usd: 1, per: 'day', models: ['gpt-5-mini'] }],
        ),
      },
    ],
    ['by a pattern', { plans: plan(['gpt-4*'], ['flex'], money) }],
    ['with a price', { plans: plan(['gpt-5-mini'], ['flex', 'priority', 'fast'], money) }],
    [
      'beside embeddings',
      { plans: plan(['gpt-5-mini', 'text-embedding-3-small'], ['flex'], money) },
    ],
    [
      'with an own price',
      {
        plans: plan(['gpt-4o'], ['flex'], money),
        prices: { 'gpt-4o': { tokens: { input: 1, output: 2 }, tiers: { flex: 0.5 } } },
      },
    ],
  ])('A guard starts with a tier %s', async (_, options) => {
    await start(options)();
  });

  it('A call in a tier without a price is refused where money counts, and served elsewhere', async () => {
    for (const [limits, expected] of [
      [money, [400, 'model_not_priced']],
      [[], [200, undefined]],
    ] as const) {
      await using fixture = await startFixture({ plans: plan(['gpt-4*'], ['flex'], [...limits]) });
      const { guard } = fixture;
      const body = chat({ model: 'gpt-4o', service_tier: 'flex' });
      const answer = await post(guard, await tokenOf(guard), body);
      const code = answer.status === 200 ? undefined : await codeOf(answer.clone());
      expect([answer.status, code]).toEqual(expected);
      const json = (await answer.json()) as { error?: { param?: string } };
      if (answer.status === 400) expect(json.error?.param).toBe('service_tier');
    }
  });

  it('A tier is held at its own price, and charged by the tier that served the call', async () => {
    await using fixture = await startFixture({
      plans: plan(['gpt-6*'], ['ultrafast', 'flex'], money),
    });
    const { fake, guard, settled } = fixture;
    const token = await tokenOf(guard);
    const served = [
      ['ultrafast', 'ultrafast', 60, 300],
      ['ultrafast', 'default', 10, 50],
      ['flex', 'flex', 5, 25],
      ['flex', 'default', 10, 50],
    ] as const;
    for (const [asked, serviceTier, input, output] of served) {
      fake.scriptNext({ serviceTier, inputTokens: 1_000, tokens: 50 });
      const body = chat({ model: 'gpt-6-astra', service_tier: asked });
      await (await post(guard, token, body)).text();
      await expect.poll(() => settled.length).toBeGreaterThan(0);
      expect(settled.pop()?.costNanoUsd).toBe((1_000 * input + 50 * output) * 1_000);
    }
  });
});

describe('A tier that only an answer names', () => {
  const prices = { 'llama-3.3-70b-versatile': { tokens: { input: 0.59, output: 0.79 } } };

  it.each(['on_demand', 'provisioned', 'auto', ''])(
    'The tier "%s" of another host is charged at the operator’s price',
    async (serviceTier) => {
      const model = 'llama-3.3-70b-versatile';
      await using fixture = await startFixture({ plans: plan([model], [], money), prices });
      fixture.fake.scriptNext({ serviceTier, inputTokens: 1_000, tokens: 10 });
      const token = await tokenOf(fixture.guard);
      await (await post(fixture.guard, token, chat({ model }))).text();
      await expect.poll(() => fixture.settled[0]?.costNanoUsd).toBe(597_900);
    },
  );
});

describe('A price with "hiddenOutput"', () => {
  it.each([
    ['false', false, 'gpt-99'],
    ['true', true, 'gpt-4o'],
  ])('"hiddenOutput: %s" decides what a cut call is charged', async (_, hiddenOutput, model) => {
    const prices = { [model]: { tokens: { input: 1, output: 1_000 }, hiddenOutput } };
    await using fixture = await startFixture({
      plans: { free: { models: [model], maxOutputTokens: 10_000 } },
      prices,
      onDisconnect: 'abort',
    });
    const { fake, guard, settled } = fixture;
    fake.scriptNext({ text: 'one two three', break: { with: 'hang', afterChunks: 2 } });
    const answer = await post(guard, await tokenOf(guard), chat({ model, stream: true }));
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expect.poll(() => settled.length).toBe(1);
    if (hiddenOutput) expect(settled[0]?.outputTokens).toBe(10_000);
    else expect(settled[0]?.outputTokens).toBeLessThan(1_000);
  });
});

describe('A price that has ended', () => {
  it('Its first call emits "failed", and the dearer price is charged', async () => {
    const prices = { 'gpt-5-mini': { tokens: { input: 0.1, output: 3 }, until: '2026-01-31' } };
    await using fixture = await startFixture({ prices });
    const { fake, guard, settled, failed } = fixture;
    const token = await tokenOf(guard);
    for (let call = 1; call <= 2; call += 1) {
      fake.scriptNext({ inputTokens: 1_000, tokens: 10 });
      await (await post(guard, token, chat())).text();
      await expect.poll(() => settled.length).toBe(call);
    }
    expect(settled.map(({ costNanoUsd }) => costNanoUsd)).toEqual([280_000, 280_000]);
    const ended = failed.filter(({ source }) => source === 'prices');
    expect(ended.map(({ source, error }) => [source, String(error)])).toEqual([
      ['prices', expect.stringContaining('"gpt-5-mini" ended on 2026-01-31')],
    ]);
  });
});
