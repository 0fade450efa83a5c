import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { parseAllowances } from '../../src/openai/request/allowances.ts';
import { built, chat, chatParts, items, parts, png, responses, search, tools } from './asking.ts';

describe('Images, files and audio that a plan enables', () => {
  it('Images of a model without a published rule cost what the plan states, and their number is limited', () => {
    const allow = { images: { tokensEach: 1_000, maxPerRequest: 2 } };
    const image = { type: 'input_image', image_url: png, detail: 'high' };
    expect(built(responses(parts(image, image), allow))).toMatchObject({
      extraInputTokens: 2_000,
      inlineBytes: 2 * png.length,
    });
    expect(responses(parts(image, image, image), allow)).toMatchObject({ denied: true });
  });

  it('Images must be inline unless the plan also allows URLs', () => {
    const at = (image_url: string) => parts({ type: 'input_image', image_url });
    const images = { tokensEach: 10 };
    expect(isDenial(responses(at('https://x.example/a.png'), { images }))).toBe(true);
    expect(
      isDenial(responses(at('https://x.example/a.png'), { images: { ...images, https: true } })),
    ).toBe(false);
    const never = [
      'http://x.example/a',
      'file:///etc/passwd',
      'https://x.example/a b',
      'data:text/html,x',
      'data:image/png;base64,%%%',
      'data:image/svg+xml;base64,AAAA',
      '',
      'ftp://x',
    ];
    for (const url of never) {
      expect(isDenial(responses(at(url), { images: { ...images, https: true } })), url).toBe(true);
    }
  });

  it('Letter case means nothing in the media type of an image or a file', () => {
    const allow = { images: { tokensEach: 10_000 }, files: {} };
    const costOf = (prefix: string, text: string) =>
      built(
        responses(
          parts(
            { type: 'input_image', image_url: prefix + png.slice(png.indexOf(',') + 1) },
            { type: 'input_file', filename: 'a.txt', file_data: text + btoa('some text') },
          ),
          allow,
        ),
      );
    const usual = costOf('data:image/png;base64,', 'data:text/plain;base64,');
    const { extraInputTokens, inlineBytes } = usual;
    expect(inlineBytes).toBeGreaterThan(0);
    expect(costOf('data:image/PNG;base64,', 'data:text/PLAIN;BASE64,')).toMatchObject({
      extraInputTokens,
      inlineBytes,
    });
  });

  it('The bytes of a file are counted in addition to its stated tokens', () => {
    const file = {
      type: 'file',
      file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
    };
    const request = built(chat(chatParts(file), { files: { tokensEach: 5_000 } }));
    expect(request).toMatchObject({ extraInputTokens: 5_000, inlineBytes: 0 });
  });

  it('Audio input and audio output are each accepted only if enabled', () => {
    const heard = chatParts({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } });
    expect(built(chat(heard, { audio: { tokensEach: 700 } })).extraInputTokens).toBe(700);
    const spoken = { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } };
    expect(isDenial(chat(spoken, { audioOutput: true }))).toBe(false);
    const foreignVoice = { ...spoken, audio: { voice: { id: 'voice_1' }, format: 'wav' } };
    expect(isDenial(chat(foreignVoice, { audioOutput: true }))).toBe(true);
  });
});

describe('Hosted tools that a plan enables', () => {
  const allow = {
    hostedTools: { web_search: search, code_interpreter: { ...search, maxCalls: 2 } },
  };

  it.each([
    [
      'files in a container',
      { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file_1'] } },
    ],
    ['a container by id', { type: 'code_interpreter', container: 'cntr_1' }],
    [
      'a network for a container',
      {
        type: 'code_interpreter',
        container: { type: 'auto', network_policy: { type: 'allowlist' } },
      },
    ],
    ['unknown fields', { type: 'web_search', api_base: 'https://evil.example' }],
  ])('A hosted tool is rejected with %s', (_, tool) => {
    expect(responses(tools(tool), allow)).toMatchObject({ code: 'parameter_not_allowed' });
  });

  it('Hosted tools can use only the MCP servers and vector stores that the plan names', () => {
    const mcpServers = ['https://mcp.example/'];
    const named = {
      hostedTools: { mcp: search, file_search: search },
      mcpServers,
      vectorStores: ['vs_1'],
    };
    const mcp = { type: 'mcp', server_label: 'x', server_url: 'https://mcp.example/' };
    const file = { type: 'file_search', vector_store_ids: ['vs_1'] };
    expect(isDenial(responses(tools(mcp, file), named))).toBe(false);
    const refused = [
      { ...mcp, server_url: 'https://mcp.example' },
      { ...mcp, server_url: 'https://mcp.example/../x' },
      { ...mcp, headers: { a: 'b' } },
      { ...mcp, authorization: 'x' },
      { ...mcp, connector_id: 'connector_gmail' },
      { ...mcp, tunnel_id: 't' },
      { ...file, vector_store_ids: ['vs_1', 'vs_2'] },
      { ...file, vector_store_ids: 'vs_1' },
    ];
    for (const tool of refused)
      expect(isDenial(responses(tools(tool), named)), JSON.stringify(tool)).toBe(true);
  });
});

describe('State that a plan enables', () => {
  it('An earlier tool call in the input needs no state and is not charged again', () => {
    const allow = { hostedTools: { web_search: search } };
    const trace = { type: 'web_search_call', id: 'ws_1', status: 'completed' };
    const shown = built(responses(items({ ...trace, action: { type: 'search' } }), allow));
    expect(shown).toMatchObject({ hostedFeesNanoUsd: 0, inputRounds: 1 });
    expect(isDenial(responses(items(trace), allow))).toBe(true);
  });

  it.each([
    ['gpt-4o', 128_000],
    ['gpt-5-mini-2025-08-07', 400_000],
    ['gpt-5.6-sol', 1_050_000],
    ['gpt-99', 1_050_000],
  ])('What an id brings to %s counts as its whole context of %i tokens', (model, context) => {
    const allow = { stateful: {} };
    for (const more of [
      { previous_response_id: 'resp_1' },
      items({ id: 'msg_1' }),
      items({ type: 'item_reference', id: 'msg_1' }),
      { conversation: 'c' },
      { conversation: { id: 'c' } },
      parts({ type: 'input_file', file_id: 'file_1' }),
      parts({ type: 'input_image', file_id: 'file_1' }),
    ]) {
      expect(built(responses({ model, ...more }, allow)).extraInputTokens).toBe(context);
    }
    expect(built(responses({ model, store: true }, allow)).extraInputTokens).toBe(0);
    const prompts = { pmpt_1: {} };
    const prompt = built(responses({ model, prompt: { id: 'pmpt_1' } }, { prompts }));
    expect(prompt.extraInputTokens).toBe(context);
  });

  it('A plan can refuse state for models with a larger context', () => {
    const allow = { stateful: { inputTokens: 200_000 }, prompts: { pmpt_1: { inputTokens: 1 } } };
    const turn = { previous_response_id: 'resp_1' };
    expect(isDenial(responses({ model: 'o3', ...turn }, allow))).toBe(false);
    expect(responses({ model: 'gpt-5', ...turn }, allow)).toMatchObject({
      code: 'parameter_not_allowed',
      param: 'previous_response_id',
    });
    expect(responses({ model: 'gpt-5', prompt: { id: 'pmpt_1' } }, allow)).toMatchObject({
      param: 'prompt',
    });
  });

  it('A background call is refused even if the plan allows state', () => {
    const allow = { stateful: {} };
    expect(responses({ background: true }, allow)).toMatchObject({
      code: 'parameter_not_allowed',
      param: 'background',
    });
    expect(isDenial(responses({ background: false }, allow))).toBe(false);
    expect(isDenial(responses({ background: null }))).toBe(false);
  });

  it('Only the stored prompts that the plan names are accepted', () => {
    const allow = { prompts: { pmpt_1: {} } };
    const prompt = { id: 'pmpt_1', version: '2', variables: { city: 'Oslo' } };
    expect(isDenial(responses({ prompt }, allow))).toBe(false);
    expect(isDenial(responses({ prompt: { ...prompt, id: 'pmpt_2' } }, allow))).toBe(true);
    expect(isDenial(responses({ prompt: { id: '__proto__' } }, allow))).toBe(true);
    const variables = { file: { type: 'input_file', file_id: 'file_1' } };
    expect(isDenial(responses({ prompt: { ...prompt, variables } }, allow))).toBe(true);
  });
});

describe('parseAllowances', () => {
  it('parseAllowances allows nothing by default', () => {
    expect(parseAllowances({}, 'x')).toEqual({
      audioOutput: false,
      hostedTools: {},
      vectorStores: [],
      mcpServers: [],
      serviceTiers: [],
      vendorFields: [],
      prompts: {},
    });
  });

  it.each([
    ['"image"', { image: {} }],
    ['x.images.tokensEach', { images: { tokensEach: -1 } }],
    [
      'x.hostedTools.web_search.maxCalls',
      { hostedTools: { web_search: { ...search, maxCalls: 0 } } },
    ],
    ['x.hostedTools', { hostedTools: { websearch: search } }],
    ['x.vendorFields.0": must be one of', { vendorFields: ['topk'] }],
    ['x.vendorFields.0": can be allowed by no plan', { vendorFields: ['provider'] }],
    ['x.mcpServers.0', { mcpServers: ['http://mcp.example/'] }],
    ['x.stateful', { stateful: true }],
  ])('parseAllowances throws a TypeError that names %s', (field, spec) => {
    expect(() => parseAllowances(spec, 'x')).toThrow(TypeError);
    expect(() => parseAllowances(spec, 'x')).toThrow(field);
  });
});
