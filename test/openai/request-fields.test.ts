import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { buildRequest } from '../../src/openai/request/build-request.ts';
import { attempt, bodies, build, policyOf, posted } from './building.ts';
import { endpointNamed } from './named.ts';

describe('The fields of a request', () => {
  const foreign = [
    'api_base',
    'base_url',
    'baseURL',
    'host',
    'azure_endpoint',
    'api_key',
    'apiKey',
    'api_version',
    'organization',
    'project',
    'model_list',
    'extra_headers',
    'extra_body',
    'headers',
    'fallbacks',
    'custom_llm_provider',
    'num_retries',
    'timeout',
    'proxy',
    'metadata_headers',
    'user_id',
    'betas',
    'multi_agent',
    'stream_format',
    'x',
    '',
    'Model',
    'max_tokens ',
    'maxTokens',
    'toString',
  ];
  it.each(posted)('%s rejects every unknown field by name', (name) => {
    for (const field of foreign) {
      const denial = attempt(name, { [field]: 'https://evil.example' });
      expect(denial).toMatchObject({ code: 'parameter_not_allowed', param: field });
    }
  });

  it('Unknown fields inside messages, parts, tools and items are rejected', () => {
    const function_ = { type: 'function', name: 'f', parameters: {} };
    for (const field of foreign) {
      const evil = { [field]: 'https://evil.example' };
      const chat = [
        { messages: [{ role: 'user', content: 'x', ...evil }] },
        { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', ...evil }] }] },
        { tools: [{ type: 'function', function: { name: 'f', ...evil } }] },
      ];
      for (const more of chat)
        expect(isDenial(attempt('chat.completions', more)), field).toBe(true);
      const responses = [
        { input: [{ role: 'user', content: 'x', ...evil }] },
        { input: [{ role: 'user', content: [{ type: 'input_text', text: 'x', ...evil }] }] },
        { tools: [{ ...function_, ...evil }] },
        { stream: true, stream_options: evil },
        { reasoning: evil },
      ];
      for (const more of responses) expect(isDenial(attempt('responses', more)), field).toBe(true);
    }
  });

  it('A rejected field is named by its full path, and a very long name is shortened', () => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'x', evil: 1 }] }];
    expect(attempt('chat.completions', { messages })).toMatchObject({
      param: 'messages.0.content.0.evil',
      message: expect.stringContaining('"messages.0.content.0.evil"'),
    });
    const long = attempt('chat.completions', { ['x'.repeat(100_000)]: 1 });
    expect(isDenial(long) && (long.param?.length ?? 0) <= 128).toBe(true);
  });

  it.each([
    undefined,
    null,
    '',
    ' ',
    5,
    true,
    ['gpt-5'],
    { id: 'gpt-5' },
    ' gpt-5',
    'gpt-5 ',
    'gpt 5',
    'gpt-5\n',
    'gpt-5\r\nx: y',
    'gpt-5\0',
    'gpt-5\u200b',
    'ｇpt-5',
    'gpt-5é',
    '../gpt-5',
    'gpt-5?x=1',
    'gpt-5#x',
    'gpt%2D5',
    'gpt-5,gpt-4',
    'a'.repeat(129),
  ])('The model %j is rejected', (model) => {
    for (const name of posted) {
      if (model === undefined && endpointNamed(name).modelDefault !== undefined) continue;
      expect(attempt(name, { model })).toMatchObject({ code: 'invalid_request', param: 'model' });
    }
  });

  it('The model that is returned is exactly the model that is sent', () => {
    for (const model of ['gpt-5', 'ft:gpt-4o-mini:org::id', 'openai/gpt-5', 'gpt-4.1']) {
      expect(build('responses', { model })).toMatchObject({ model, body: { model } });
    }
    const { input } = bodies.moderations;
    const built = buildRequest(endpointNamed('moderations'), { input }, policyOf());
    expect(built).toMatchObject({
      model: 'omni-moderation-latest',
      body: { model: 'omni-moderation-latest' },
    });
  });

  it.each([null, [], 'x', 5, true, undefined])('The request body %j is rejected', (body) => {
    for (const name of posted) {
      expect(buildRequest(endpointNamed(name), body, policyOf())).toMatchObject({
        code: 'invalid_request',
      });
    }
  });

  it('A body without its main field is rejected', () => {
    const { model } = bodies.completions;
    expect(buildRequest(endpointNamed('chat.completions'), { model }, policyOf())).toMatchObject({
      param: 'messages',
    });
    expect(buildRequest(endpointNamed('embeddings'), { model }, policyOf())).toMatchObject({
      param: 'input',
    });
  });

  it('Numbers and flags in metadata are accepted, and become the text that OpenAI takes', () => {
    const { clientTags, body } = build('responses', { metadata: { a: 1, b: true, c: 'x' } });
    expect(clientTags.metadata).toEqual({ a: '1', b: 'true', c: 'x' });
    expect(body['metadata']).toBeUndefined();
  });

  it('A completion without a prompt is accepted with one choice, as OpenAI does', () => {
    const { model } = bodies.completions;
    for (const body of [{ model }, { model, prompt: null }]) {
      expect(buildRequest(endpointNamed('completions'), body, policyOf())).toMatchObject({
        choices: 1,
        outputCapTokens: 16,
      });
    }
  });

  it('A value of the wrong type is rejected with the name of its field', () => {
    const wrong = {
      temperature: '1',
      top_p: [],
      stream: 'true',
      store: 'false',
      messages: 'hi',
      tools: {},
      user: 5,
      metadata: { a: [] },
      prompt_cache_key: {},
      stream_options: [],
      reasoning_effort: {},
      parallel_tool_calls: 1,
    };
    for (const [field, value] of Object.entries(wrong)) {
      const denial = attempt('chat.completions', { [field]: value });
      expect(denial, field).toMatchObject({ code: 'invalid_request' });
      expect(isDenial(denial) && denial.param?.startsWith(field)).toBe(true);
    }
  });

  it('Known fields are passed unchanged in a new object', () => {
    const more = {
      temperature: 0.5,
      top_p: null,
      reasoning_effort: 'high',
      verbosity: 'low',
      seed: 7,
      stop: ['x'],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 's', schema: { file_id: 'x' } },
      },
      tool_choice: 'auto',
      parallel_tool_calls: true,
      logit_bias: { 5: 1 },
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { properties: { image_url: {} } } },
        },
      ],
    };
    const client = { ...bodies['chat.completions'], ...more };
    const before = structuredClone(client);
    const { body } = build('chat.completions', more);
    expect(body).toEqual({
      ...client,
      max_completion_tokens: 1_000,
      service_tier: 'default',
      store: false,
    });
    body['user'] = 'tag';
    expect(client).toEqual(before);
  });
});
