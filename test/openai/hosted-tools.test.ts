import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import type { HostedCalls } from '../../src/openai/prices/hosted-tools.ts';
import { parseAllowances } from '../../src/openai/request/allowances.ts';
import type { BuiltRequest } from '../../src/openai/request/build-request.ts';
import { built, chat, items, responses, tools } from './asking.ts';

const USD = 1e9;
const MINUTE_MS = 60_000;
const usage = { inputTokens: 1, outputTokens: 1 } as never;
const charged = (request: BuiltRequest, hostedCalls?: HostedCalls, elapsedMs = 1_000) =>
  request.hostedFeesFor(hostedCalls ? { usage, hostedCalls } : { usage }, elapsedMs) / USD;
const allowing = (hostedTools: object) => ({ hostedTools, stateful: {} });
const refusal = (param: string) => ({ code: 'parameter_not_allowed', param });
const container = (more: object = {}) => ({
  type: 'code_interpreter',
  container: { type: 'auto', ...more },
});
const image = (more: object = {}) => ({ type: 'image_generation', ...more });
const sentTool = (request: BuiltRequest, index = 0) =>
  (request.body['tools'] as readonly unknown[])[index];

describe('The fee of one call', () => {
  const maxCalls = { maxCalls: 1 };
  it.each([
    ['web_search', 'gpt-4o', 0.01],
    ['web_search', 'gpt-5-mini', 0.01],
    ['web_search_2025_08_26', 'gpt-5-mini', 0.01],
    ['web_search', 'gpt-4o-mini-2024-07-18', 0.0112],
    ['web_search', 'gpt-4.1-mini', 0.0132],
    ['web_search_preview', 'gpt-4o', 0.025],
    ['web_search_preview', 'gpt-5-chat-latest', 0.025],
    ['web_search_preview', 'my-deployment', 0.025],
    ['web_search_preview', 'gpt-5-mini', 0.01],
    ['web_search_preview', 'o3-deep-research', 0.01],
    ['web_search_preview_2025_03_11', 'o4-mini', 0.01],
  ])('One search by %s costs %s what OpenAI publishes: $%f', (type, model, usd) => {
    const request = built(
      responses({ model, ...tools({ type }) }, allowing({ web_search: maxCalls })),
    );
    expect(charged(request, { billed: { web_search: 1 } })).toBeCloseTo(usd, 9);
    expect(charged(request, { billed: { web_search: 7 } })).toBeCloseTo(7 * usd, 9);
    expect(charged(request, { billed: {} })).toBe(0);
  });

  it('File searches have one fee, computer use and MCP have none', () => {
    const hostedTools = { file_search: maxCalls, computer: maxCalls, mcp: maxCalls };
    const allow = { hostedTools, vectorStores: ['vs_1'], mcpServers: ['https://mcp.example/'] };
    const request = built(
      responses(
        tools(
          { type: 'file_search', vector_store_ids: ['vs_1'] },
          { type: 'computer' },
          { type: 'mcp', server_label: 'x', server_url: 'https://mcp.example/' },
        ),
        allow,
      ),
    );
    expect(charged(request, { billed: { file_search: 2, computer: 9, mcp: 9 } })).toBe(0.005);
  });

  it.each([
    ['1g', 0.03],
    ['4g', 0.12],
    ['16g', 0.48],
    ['64g', 1.92],
  ])('A session of a container with %s costs $%f', (memory_limit, usd) => {
    const allow = allowing({
      code_interpreter: { maxCalls: 2, memory: ['1g', memory_limit] },
      shell: { maxCalls: 2, memory: ['1g', memory_limit] },
    });
    const environment = { type: 'container_auto', memory_limit };
    for (const [name, tool] of [
      ['code_interpreter', container({ memory_limit })],
      ['shell', { type: 'shell', environment }],
    ] as const) {
      const request = built(responses(tools(tool), allow));
      expect(charged(request, { billed: { [name]: 1 } })).toBe(usd);
      expect(charged(request, { billed: { [name]: 2 } })).toBeCloseTo(2 * usd, 9);
      expect(request.hostedFeesNanoUsd / USD).toBeCloseTo(2 * usd, 9);
    }
  });

  it('The fee in a plan can raise the published one, and never lowers it', () => {
    const of = (usdPerCall: number) =>
      built(
        responses(
          tools({ type: 'web_search' }),
          allowing({ web_search: { maxCalls: 1, usdPerCall } }),
        ),
      );
    expect(charged(of(0.001), { billed: { web_search: 1 } })).toBe(0.01);
    expect(charged(of(0.5), { billed: { web_search: 1 } })).toBe(0.5);
    expect(of(0.5).hostedFeesNanoUsd).toBe(5 * 0.5 * USD);
  });
});

describe('A container', () => {
  const allow = allowing({ code_interpreter: { maxCalls: 3 }, shell: { maxCalls: 1 } });
  it('The memory that was priced is the memory that is sent', () => {
    for (const given of [{}, { memory_limit: null }, { memory_limit: '1g' }]) {
      const request = built(responses(tools(container(given)), allow));
      expect(sentTool(request)).toEqual(container({ memory_limit: '1g' }));
    }
    const bare = built(responses(tools({ type: 'code_interpreter' }), allow));
    expect(sentTool(bare)).toEqual(container({ memory_limit: '1g' }));
    const larger = allowing({ code_interpreter: { maxCalls: 1, memory: ['16g', '1g'] } });
    const first = built(responses(tools(container()), larger));
    expect(sentTool(first)).toEqual(container({ memory_limit: '16g' }));
    expect(charged(first, { billed: { code_interpreter: 1 } })).toBe(0.48);
  });

  it('The memory is also sent for a tool inside an item', () => {
    const item = { type: 'additional_tools', role: 'developer', tools: [container()] };
    const before = { role: 'user', content: 'hi' };
    const request = built(responses(items(before, item), allow));
    expect(request.body['input']).toEqual([
      before,
      { ...item, tools: [container({ memory_limit: '1g' })] },
    ]);
  });

  it.each(['4g', '64g', '128g', 'auto-large', '', 64, true])(
    'A memory that the plan does not list (%s) is refused by name',
    (memory_limit) => {
      expect(responses(tools(container({ memory_limit })), allow)).toMatchObject(
        refusal('tools.0.container.memory_limit'),
      );
      const environment = { type: 'container_auto', memory_limit };
      expect(responses(tools({ type: 'shell', environment }), allow)).toMatchObject(
        refusal('tools.0.environment.memory_limit'),
      );
    },
  );

  it('A container by id needs state, and costs as much as the dearest', () => {
    const stored = tools({ type: 'code_interpreter', container: 'cntr_1' });
    const { hostedTools } = allow;
    expect(responses(stored, { hostedTools })).toMatchObject(refusal('tools.0.container'));
    const request = built(responses(stored, allow));
    expect(charged(request, { billed: { code_interpreter: 1 } })).toBe(1.92);
    expect(charged(request, { billed: {} })).toBe(0);
    const environment = { type: 'container_reference', container_id: 'cntr_1' };
    const shell = responses(tools({ type: 'shell', environment }), { hostedTools });
    expect(isDenial(shell)).toBe(true);
  });

  it('A container that no call used is charged as one session, as a precaution', () => {
    expect(charged(built(responses(tools(container()), allow)), { billed: {} })).toBe(0.03);
    expect(charged(built(responses(tools({ type: 'shell' }), allow)), { billed: {} })).toBe(0);
  });

  it('A container is charged for each 20 minutes that its call took', () => {
    const request = built(responses(tools(container()), allow));
    const one = { billed: { code_interpreter: 1 } };
    expect(charged(request, one, 20 * MINUTE_MS)).toBe(0.03);
    expect(charged(request, one, 21 * MINUTE_MS)).toBe(0.06);
    expect(charged(request, one, 61 * MINUTE_MS)).toBe(0.12);
  });

  it('Of two containers in one request the dearer counts', () => {
    const wide = allowing({ code_interpreter: { maxCalls: 2, memory: ['1g', '64g'] } });
    const both = tools(container(), container({ memory_limit: '64g' }));
    expect(charged(built(responses(both, wide)), { billed: { code_interpreter: 1 } })).toBe(1.92);
  });

  it('A shell that the caller runs costs nothing and needs no plan', () => {
    const request = built(responses(tools({ type: 'shell', environment: { type: 'local' } })));
    expect(charged(request, { billed: { shell: 0 } })).toBe(0);
  });
});

describe('An image that the tool makes', () => {
  const imageTool = { maxCalls: 2, models: ['gpt-image-1.5'], quality: ['low', 'high'] };
  const allow = allowing({ image_generation: { ...imageTool, sizes: ['1024x1024', '1536x1024'] } });
  const first = { model: 'gpt-image-1.5', quality: 'low', size: '1024x1024' };

  it('The model, quality and size that were priced are those that are sent', () => {
    for (const given of [{}, { quality: 'auto', size: 'auto' }, { model: null, quality: null }]) {
      const request = built(responses(tools(image(given)), allow));
      expect(sentTool(request)).toEqual(image(first));
    }
    const asked = { model: 'gpt-image-1.5', quality: 'high', size: '1536x1024' };
    expect(sentTool(built(responses(tools(image(asked)), allow)))).toEqual(image(asked));
  });

  it.each([
    ['model', 'gpt-image-2'],
    ['model', 'gpt-image-2.5-flare'],
    ['quality', 'medium'],
    ['quality', 'max'],
    ['size', '2048x2048'],
    ['size', '1024x1536'],
    ['complexity', 'high'],
    ['frame_count', 64],
    ['frame_duration_ms', 10],
    ['svg', { model: 'gpt-5.6-sol' }],
    ['output_format', 'gif'],
    ['output_format', 'svg'],
    ['n', 10],
  ])('A value of "%s" that the plan does not price (%s) is refused by name', (field, value) => {
    expect(responses(tools(image({ [field]: value })), allow)).toMatchObject(
      refusal(`tools.0.${field}`),
    );
  });

  it.each([4, -1, 1.5, '3'])(
    'A number of partial images that OpenAI does not take (%s) is refused',
    (n) => {
      expect(responses(tools(image({ partial_images: n })), allow)).toMatchObject({
        code: 'invalid_request',
        param: 'tools.0.partial_images',
      });
    },
  );

  it('It costs its tokens at the rates of the image model', () => {
    const price = { models: ['gpt-image-2'], quality: ['high'], sizes: ['2048x2048'] };
    const plan = allowing({ image_generation: { maxCalls: 1, usdPerCall: 0.04, ...price } });
    const request = built(responses(tools(image()), plan));
    const imageTokens = { inputTokens: 50, inputImageTokens: 0, outputTokens: 14_272 };
    const answer = { billed: { image_generation: 1 }, imageTokens };
    expect(charged(request, answer)).toBeCloseTo(0.42841, 9);
    expect(request.hostedFeesNanoUsd / USD).toBeGreaterThanOrEqual(0.42841);
  });

  it.each([
    ['gpt-image-1.5', 'low', '1024x1024', 272 * 32],
    ['gpt-image-1.5', 'high', '1024x1536', 6_240 * 32],
    ['gpt-image-1-mini', 'medium', '1536x1024', 1_568 * 8],
    ['gpt-image-2', 'high', '1024x1024', 7_024 * 30],
    ['gpt-image-2-2026-04-21', 'medium', '1024x1024', 1_784 * 30],
  ])(
    'Without its tokens, an image of %s in %s and %s costs the most of one call',
    (model, quality, size, microUsd) => {
      const price = { models: [model], quality: [quality], sizes: [size] };
      const plan = allowing({ image_generation: { maxCalls: 3, ...price } });
      const request = built(responses(tools(image()), plan));
      const each = charged(request, { billed: { image_generation: 1 } });
      expect(each).toBeGreaterThanOrEqual(microUsd / 1e6);
      expect(each * 3).toBeCloseTo(request.hostedFeesNanoUsd / USD, 9);
      expect(charged(request)).toBeCloseTo(each * 3, 9);
    },
  );

  it('Partial images and images that may be edited are held', () => {
    const held = (more: object, body: object = {}) =>
      built(responses({ ...tools(image(more)), ...body }, allow)).hostedFeesNanoUsd;
    expect(held({ partial_images: 3 }) - held({})).toBe(2 * 300 * 32 * 1_000);
    const edits = held({}, { previous_response_id: 'resp_1' }) - held({});
    expect(edits).toBe(2 * 15 * 7_000 * 8 * 1_000);
  });

  it('A plan must state a fee for images whose price is not known', () => {
    const plan = (more: object) => ({
      hostedTools: { image_generation: { maxCalls: 1, ...more } },
    });
    for (const more of [
      { models: ['gpt-image-2.5-flare'] },
      { models: ['gpt-image-1.5', 'an-image-model'] },
      { quality: ['max'] },
      { sizes: ['1536x864'] },
    ]) {
      expect(() => parseAllowances(plan(more), 'allow')).toThrow(
        /allow\.hostedTools\.image_generation\.usdPerCall/,
      );
      expect(() => parseAllowances(plan({ ...more, usdPerCall: 0.5 }), 'allow')).not.toThrow();
    }
    const stated = built(
      responses(tools(image()), plan({ models: ['an-image-model'], usdPerCall: 0.5 })),
    );
    expect(stated.hostedFeesNanoUsd).toBe(0.5 * USD);
    const imageTokens = { inputTokens: 50, inputImageTokens: 0, outputTokens: 14_272 };
    expect(charged(stated, { billed: { image_generation: 1 }, imageTokens })).toBe(0.5);
  });
});

describe('All hosted tools of one request', () => {
  const allow = allowing({
    web_search: { maxCalls: 3, searchesPerCall: 2 },
    code_interpreter: { maxCalls: 2 },
  });
  const both = tools({ type: 'web_search' }, container());

  it('A hold covers the dearest fee for every allowed call, and the calls are limited', () => {
    const one = built(responses(tools({ type: 'web_search' }), allow));
    expect(one).toMatchObject({ hostedFeesNanoUsd: 0.06 * USD, body: { max_tool_calls: 3 } });
    const two = built(responses(both, allow));
    expect(two).toMatchObject({ hostedFeesNanoUsd: 0.18 * USD, body: { max_tool_calls: 5 } });
    const fewer = built(responses({ ...both, max_tool_calls: 2 }, allow));
    expect(fewer).toMatchObject({ hostedFeesNanoUsd: 0.09 * USD, body: { max_tool_calls: 2 } });
    const more = built(responses({ ...both, max_tool_calls: 900 }, allow));
    expect(more.body['max_tool_calls']).toBe(5);
  });

  it('The charge covers what the answer shows, or the whole hold if it shows nothing', () => {
    const request = built(responses(both, allow));
    const billed = { web_search: 2, code_interpreter: 1 };
    expect(charged(request, { billed })).toBeCloseTo(0.05, 9);
    expect(charged(request)).toBeCloseTo(0.18, 9);
    expect(charged(built(responses({})))).toBe(0);
  });

  it('A tool that the request did not name is charged at its dearest fee', () => {
    expect(charged(built(responses(both, allow)), { billed: { file_search: 1 } })).toBeCloseTo(
      0.0325,
      9,
    );
    expect(charged(built(responses({})), { billed: { web_search: 1 } })).toBe(0.025);
  });

  it('A stored prompt counts as one that names every tool of the plan', () => {
    const prompt = { prompt: { id: 'pmpt_1' } };
    const request = built(responses(prompt, { ...allow, prompts: { pmpt_1: {} } }));
    expect(request.body['max_tool_calls']).toBe(5);
    expect(request.hostedFeesNanoUsd / USD).toBeCloseTo(5 * 1.92, 9);
    expect(charged(request, { billed: { web_search: 1 } })).toBe(0.025);
    expect(charged(request, { billed: {} })).toBe(0);
  });

  it('A tool choice can name only hosted tools that the plan enables', () => {
    const choices = [
      { type: 'image_generation' },
      { type: 'file_search' },
      { type: 'mcp', server_label: 'x' },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'image_generation' }] },
      { type: 'a_tool_of_tomorrow' },
    ];
    for (const tool_choice of choices) {
      expect(responses({ ...both, tool_choice }, allow), JSON.stringify(tool_choice)).toMatchObject(
        {
          code: 'parameter_not_allowed',
          param: expect.stringMatching(/^tool_choice/),
        },
      );
    }
    const named = { type: 'function', function: { name: 'f' } };
    for (const tool_choice of [
      'auto',
      null,
      { type: 'function', name: 'f' },
      { type: 'web_search_preview' },
      { type: 'shell' },
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'code_interpreter' }] },
    ]) {
      expect(isDenial(responses({ ...both, tool_choice }, allow))).toBe(false);
    }
    const chosen = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named] } };
    expect(isDenial(chat({ tool_choice: chosen }))).toBe(false);
    expect(isDenial(chat({ tool_choice: named }))).toBe(false);
  });
});

describe('The input that a hosted tool adds', () => {
  const extra = (tool: object, hostedTools: object) => {
    const request = built(responses(tools(tool), { hostedTools, vectorStores: ['vs_1'] }));
    return request.extraInputTokens - request.outputCapTokens;
  };
  const files = { type: 'file_search', vector_store_ids: ['vs_1'] };

  it('It has a bound for each tool, and the number in a plan replaces it', () => {
    const one = { maxCalls: 1 };
    expect(extra({ type: 'web_search' }, { web_search: one })).toBe(24_000);
    expect(extra({ type: 'web_search', search_context_size: 'high' }, { web_search: one })).toBe(
      48_000,
    );
    expect(extra(files, { file_search: one })).toBe(20_000);
    expect(extra({ ...files, max_num_results: 50 }, { file_search: one })).toBe(50_000);
    expect(extra(container(), { code_interpreter: one })).toBe(8_000);
    const stated = { maxCalls: 2, inputTokensPerCall: 500 };
    expect(extra({ type: 'web_search' }, { web_search: stated })).toBe(1_000);
  });

  it.each([0, 51, 1.5, '9'])(
    'A number of results that OpenAI does not take (%s) is refused',
    (n) => {
      const allow = { hostedTools: { file_search: { maxCalls: 1 } }, vectorStores: ['vs_1'] };
      expect(responses(tools({ ...files, max_num_results: n }), allow)).toMatchObject({
        param: 'tools.0.max_num_results',
      });
    },
  );
});

describe('A model that searches by itself', () => {
  const names = [
    'gpt-4o-search-preview',
    'gpt-4o-search-preview-2025-03-11',
    'gpt-4o-mini-search-preview',
    'gpt-4o-mini-search-preview-2025-03-11',
    'gpt-5-search-api',
    'gpt-5-search-api-2025-10-14',
    'openai/gpt-4o:online',
    'perplexity/sonar',
    'groq/compound-mini',
  ];
  const allow = { hostedTools: { web_search: { maxCalls: 2 } } };

  it.each(names)('%s is refused unless the plan enables the web search', (model) => {
    for (const answer of [
      chat({ model }),
      chat({ model, web_search_options: {} }, { hostedTools: { file_search: { maxCalls: 1 } } }),
      responses({ model }),
    ]) {
      expect(answer).toMatchObject({
        denied: true,
        message: expect.stringContaining('web_search'),
      });
    }
  });

  it.each(names)('%s holds and is charged every search that the plan allows', (model) => {
    for (const more of [{}, { web_search_options: {} }, { web_search_options: null }]) {
      const request = built(chat({ model, ...more }, allow));
      expect(request.hostedFeesNanoUsd).toBe(0.05 * USD);
      expect(request).toMatchObject({ inputRounds: 3, asksHiddenOutput: true });
      expect(charged(request)).toBe(0.05);
    }
  });

  it('Other models are not taken for it', () => {
    for (const model of ['gpt-4o', 'gpt-5-mini', 'research-preview', 'o3', 'my-search'])
      expect(built(chat({ model })).hostedFeesNanoUsd, model).toBe(0);
  });

  it('The web search of chat is charged for every search that the plan allows', () => {
    const request = built(chat({ web_search_options: { search_context_size: 'low' } }, allow));
    expect(request).toMatchObject({ hostedFeesNanoUsd: 0.05 * USD, inputRounds: 3 });
    expect(charged(request)).toBe(0.05);
  });

  it.each(['o3-deep-research', 'o4-mini-deep-research-2025-06-26'])(
    '%s needs a hosted tool in the request',
    (model) => {
      expect(responses({ model }, allow)).toMatchObject(refusal('tools'));
      expect(chat({ model }, allow)).toMatchObject(refusal('tools'));
      const request = built(responses({ model, ...tools({ type: 'web_search_preview' }) }, allow));
      expect(charged(request, { billed: { web_search: 2 } })).toBe(0.02);
    },
  );
});

describe('How long a prompt is kept in the cache', () => {
  it.each(['in_memory', '24h', null])('%s is accepted', (prompt_cache_retention) => {
    expect(isDenial(responses({ prompt_cache_retention }))).toBe(false);
    expect(isDenial(chat({ prompt_cache_retention }))).toBe(false);
  });

  it.each(['12h', '7d', 'in-memory', '', 24, true, {}])(
    '%s is refused',
    (prompt_cache_retention) => {
      expect(responses({ prompt_cache_retention })).toMatchObject(
        refusal('prompt_cache_retention'),
      );
      expect(chat({ prompt_cache_retention })).toMatchObject(refusal('prompt_cache_retention'));
    },
  );
});
