import { describe, expect, it } from 'vitest';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { chat, codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { nextSettled } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const response = (more: Record<string, unknown>) => ({
  model: MODEL,
  input: 'Look it up.',
  ...more,
});
const hosted = [
  { type: 'web_search' },
  { type: 'web_search_preview' },
  { type: 'web_search_2025_08_26' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'code_interpreter', container: 'cntr_1' },
  { type: 'image_generation' },
  { type: 'computer_use_preview' },
  { type: 'shell' },
  { type: 'mcp', server_label: 'x', server_url: 'https://evil.test' },
  { type: 'mcp', server_label: 'x', connector_id: 'connector_gmail' },
  { type: 'a_tool_of_tomorrow' },
];

describe('A hosted tool, whose fee no usage shows', () => {
  it.each(hosted)('A hosted tool that no plan enables is rejected: $type (%#)', async (tool) => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    const smuggled = { type: 'additional_tools', role: 'developer', tools: [tool] };
    for (const body of [response({ tools: [tool] }), response({ input: [smuggled] })]) {
      const answer = await post(guard, token, body, '/v1/responses');
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'parameter_not_allowed']);
    }
    expect(fake.requests).toEqual([]);
  });

  it('The chat option web_search_options is rejected', async () => {
    await using fixture = await startFixture();
    const body = { model: MODEL, messages: [], web_search_options: {} };
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(400);
  });
});

const allowed = {
  hostedTools: {
    web_search: { maxCalls: 3 },
    file_search: { maxCalls: 2 },
    code_interpreter: { maxCalls: 4, memory: ['1g', '64g'] as const },
    shell: { maxCalls: 2, memory: ['4g'] as const },
    image_generation: {
      maxCalls: 2,
      models: ['gpt-image-1.5', 'gpt-image-2'],
      quality: ['low', 'high'] as const,
      sizes: ['1024x1024'],
    },
  },
  vectorStores: ['vs_1'],
};
const free = {
  models: ['*'],
  maxOutputTokens: 100,
  limits: [{ usd: 1_000, per: 'day' as const }],
  allow: allowed,
};

/** Sends one request, and returns what it held, what it was charged, and what OpenAI bills. */
async function spend(body: object, script: Script, path = '/v1/responses', plan: object = free) {
  const ledger = spiedLedger();
  await using fixture = await startFixture({ plans: { free: plan as typeof free }, ledger });
  const { guard, fake } = fixture;
  fake.scriptNext({ tokens: 20, inputTokens: 1_000, ...script });
  const settled = nextSettled(guard, 'ada');
  const answer = await post(guard, await tokenOf(guard), body, path);
  expect(answer.status, await answer.clone().text()).toBe(200);
  await answer.text();
  const { costNanoUsd } = await settled;
  const held = ledger.reserved[0]?.held.nanoUsd ?? 0;
  const billed = fake.invoice[0]?.costUsd ?? Number.NaN;
  return { charged: costNanoUsd / 1e9, held: held / 1e9, billed, sent: fake.requests[0]?.body };
}

const python = { type: 'code_interpreter', container: { type: 'auto' } };
const large = { type: 'code_interpreter', container: { type: 'auto', memory_limit: '64g' } };
const shell = { type: 'shell', environment: { type: 'container_auto' } };
const image = { type: 'image_generation' };
const files = { type: 'file_search', vector_store_ids: ['vs_1'] };
const runs = (...containers: string[]) =>
  containers.map((container) => ({ tool: 'code_interpreter' as const, container }));
const searches = (...queries: string[]) => ({ tool: 'web_search' as const, queries });

const cases: readonly [string, object, Script][] = [
  ['no search', { tools: [{ type: 'web_search' }] }, {}],
  ['one search', { tools: [{ type: 'web_search' }] }, { webSearches: 1 }],
  ['as many searches as the plan allows', { tools: [{ type: 'web_search' }] }, { webSearches: 3 }],
  [
    'a search that OpenAI does not stop at',
    { tools: [{ type: 'web_search' }] },
    { webSearches: 9 },
  ],
  [
    'one search for several queries',
    { tools: [{ type: 'web_search' }] },
    { hostedCalls: [searches('a', 'b', 'c', 'd')] },
  ],
  [
    'several queries without their count',
    { tools: [{ type: 'web_search' }] },
    { hostedCalls: [searches('a', 'b', 'c')], toolUsage: 'missing' },
  ],
  [
    'a preview search of a model that reasons',
    { tools: [{ type: 'web_search_preview' }] },
    { webSearches: 2 },
  ],
  [
    'a preview search of a model that does not reason',
    { model: 'gpt-4o', tools: [{ type: 'web_search_preview' }] },
    { webSearches: 2 },
  ],
  ['a file search', { tools: [files] }, { hostedCalls: [{ tool: 'file_search' }] }],
  ['three calls in one container', { tools: [python] }, { hostedCalls: runs('a', 'a', 'a') }],
  ['two containers', { tools: [python] }, { hostedCalls: runs('a', 'b', 'a') }],
  ['a container of 64 GB', { tools: [large] }, { hostedCalls: runs('a', 'a') }],
  ['a hosted shell', { tools: [shell] }, { hostedCalls: [{ tool: 'shell' }] }],
  ['a container that no call used', { tools: [large] }, { billsUnusedContainer: true }],
  ['an image', { tools: [image] }, { hostedCalls: [{ tool: 'image_generation' }] }],
  [
    'two images in high quality, with partial images',
    { tools: [{ ...image, model: 'gpt-image-2', quality: 'high', partial_images: 3 }] },
    { hostedCalls: [{ tool: 'image_generation' }, { tool: 'image_generation' }] },
  ],
  [
    'a tool inside an item',
    { input: [{ type: 'additional_tools', role: 'developer', tools: [image] }] },
    { hostedCalls: [{ tool: 'image_generation' }] },
  ],
  [
    'all of them',
    { tools: [{ type: 'web_search' }, files, python, image] },
    {
      webSearches: 1,
      hostedCalls: [...runs('a', 'a'), { tool: 'image_generation' }, { tool: 'file_search' }],
    },
  ],
];

describe('The fee of a hosted tool', () => {
  for (const stream of [false, true]) {
    it.each(cases)(
      `%s is held before it is charged, and charged as OpenAI bills it (stream: ${stream})`,
      async (_, body, script) => {
        const { charged, held, billed } = await spend(response({ stream, ...body }), script);
        expect(charged).toBeCloseTo(billed, 8);
        expect(held).toBeGreaterThanOrEqual(billed);
      },
    );
  }

  it('An image without its tokens is charged the most that it can cost', async () => {
    const script: Script = { hostedCalls: [{ tool: 'image_generation' }], toolUsage: 'missing' };
    const { charged, held, billed } = await spend(response({ tools: [image] }), script);
    expect(charged).toBeGreaterThanOrEqual(billed);
    expect(charged).toBeLessThanOrEqual(held);
  });

  it('A container that was offered is charged as one session, whether or not it is billed', async () => {
    const { charged, billed } = await spend(response({ tools: [python] }), {});
    expect(charged - billed).toBeCloseTo(0.03, 9);
  });

  it('A stream that is cut is charged its hold, fees included', async () => {
    const { charged, held } = await spend(response({ tools: [large], stream: true }), {
      hostedCalls: runs('a'),
      break: { with: 'eof', afterChunks: 6 },
    });
    expect(charged).toBe(held);
  });

  it('An image of 14,272 tokens costs $0.43241 with the model that asks for it', async () => {
    const image_generation = {
      maxCalls: 1,
      usdPerCall: 0.04,
      models: ['gpt-image-2'],
      quality: ['high'],
      sizes: ['2048x2048'],
    };
    const plan = { ...free, maxOutputTokens: 400, allow: { hostedTools: { image_generation } } };
    const script: Script = {
      hostedCalls: [{ tool: 'image_generation' }],
      inputTokens: 12_800,
      tokens: 400,
    };
    const { charged } = await spend(response({ tools: [image] }), script, undefined, plan);
    expect(charged).toBeCloseTo(0.43241, 9);
  });

  it('A preview search costs $0.025 whatever lower fee a plan states', async () => {
    const web_search = { maxCalls: 1, usdPerCall: 0.01 };
    const plan = { ...free, allow: { hostedTools: { web_search } } };
    const body = response({ model: 'gpt-4o', tools: [{ type: 'web_search_preview' }] });
    const script = { webSearches: 1, inputTokens: 1_000, tokens: 100 };
    const { charged } = await spend(body, script, undefined, plan);
    expect(charged).toBeCloseTo(0.0285, 9);
  });
});

describe('A parameter that changes the fee of a hosted tool', () => {
  it.each([
    [
      'tools.0.container.memory_limit',
      { ...python, container: { type: 'auto', memory_limit: '4g' } },
    ],
    ['tools.0.container', { ...python, container: 'cntr_of_another_user' }],
    [
      'tools.0.environment.memory_limit',
      { ...shell, environment: { type: 'container_auto', memory_limit: '64g' } },
    ],
    ['tools.0.quality', { ...image, quality: 'max' }],
    ['tools.0.size', { ...image, size: '3840x2160' }],
    ['tools.0.model', { ...image, model: 'gpt-image-2.5-sunburst' }],
    ['tools.0.frame_count', { ...image, frame_count: 64 }],
    ['tools.0.complexity', { ...image, complexity: 'high' }],
    ['tools.0.svg', { ...image, svg: {} }],
    ['tools.0.output_format', { ...image, output_format: 'gif' }],
  ])('A value of %s that the plan does not list is refused', async (param, tool) => {
    await using fixture = await startFixture({ plans: { free } });
    const { guard, fake } = fixture;
    const body = response({ tools: [tool] });
    const answer = await post(guard, await tokenOf(guard), body, '/v1/responses');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'parameter_not_allowed', param } });
    expect(fake.requests).toEqual([]);
  });

  it('What a request leaves open is sent as it was priced', async () => {
    const tools = [python, shell, { ...image, quality: 'auto', size: 'auto' }];
    const { sent } = await spend(response({ tools }), {});
    expect(sent).toMatchObject({
      tools: [
        { container: { type: 'auto', memory_limit: '1g' } },
        { environment: { type: 'container_auto', memory_limit: '4g' } },
        { model: 'gpt-image-1.5', quality: 'low', size: '1024x1024' },
      ],
    });
  });
});

describe('A model that searches by itself', () => {
  const names = [
    'gpt-4o-search-preview',
    'gpt-4o-mini-search-preview-2025-03-11',
    'gpt-5-search-api',
  ];
  const asked = (model: string, more: object = {}) => chat({ model, ...more });
  const path = '/v1/chat/completions';

  it.each(names)('%s is refused unless the plan enables the web search', async (model) => {
    const { hostedTools: _, ...allow } = allowed;
    await using fixture = await startFixture({ plans: { free: { ...free, allow } } });
    const { guard, fake } = fixture;
    for (const body of [asked(model), asked(model, { web_search_options: {} })]) {
      const answer = await post(guard, await tokenOf(guard), body);
      expect(answer.ok).toBe(false);
      expect(await answer.text()).toContain('web_search');
    }
    expect(fake.requests).toEqual([]);
  });

  it.each(names.slice(0, 2))(
    '%s is held and charged for every search that the plan allows',
    async (model) => {
      for (const more of [{}, { web_search_options: {} }, { stream: true }]) {
        const { charged, held, billed } = await spend(asked(model, more), { webSearches: 3 }, path);
        expect(charged).toBeCloseTo(billed, 8);
        expect(held).toBeGreaterThanOrEqual(billed);
        const fewer = await spend(asked(model, more), { webSearches: 1 }, path);
        expect(fewer.charged).toBeGreaterThanOrEqual(fewer.billed);
      }
    },
  );

  it('One search of a model that searches by itself costs $0.025 on top of its tokens', async () => {
    const plan = { ...free, allow: { hostedTools: { web_search: { maxCalls: 1 } } } };
    const script = { inputTokens: 10, tokens: 20 };
    const { charged } = await spend(asked('gpt-4o-search-preview'), script, path, plan);
    expect(charged).toBeCloseTo(0.025225, 9);
  });

  it('The price of any model can say that it searches by itself', async () => {
    const searches = { usdPerCall: 0.005, maxPerRequest: 2 };
    const prices = { finder: { tokens: { input: 1, output: 1 }, searches } };
    await using fixture = await startFixture({ plans: { free }, prices });
    const settled = nextSettled(fixture.guard, 'ada');
    fixture.fake.scriptNext({ inputTokens: 1_000, tokens: 20 });
    await (await post(fixture.guard, await tokenOf(fixture.guard), asked('finder'))).text();
    expect((await settled).costNanoUsd).toBe(1_020_000 + 2 * 5_000_000);
  });

  it('A model for deep research is refused without a tool to search with', async () => {
    await using fixture = await startFixture({ plans: { free } });
    const body = response({ model: 'o3-deep-research' });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body, '/v1/responses');
    expect(await answer.json()).toMatchObject({
      error: { code: 'parameter_not_allowed', param: 'tools' },
    });
  });
});
