import { describe, expect, it } from 'vitest';
import { azureClassicDialect } from '../../../src/upstream/dialects/azure.ts';
import type { Dialect } from '../../../src/upstream/dialects/dialect.ts';
import { dialects } from '../../../src/upstream/dialects/dialects.ts';
import { takes } from '../../../src/upstream/dialects/takes.ts';
import { allowing, build } from '../../openai/building.ts';

const all: readonly Dialect[] = [...Object.values(dialects), azureClassicDialect];
const others = all.filter(({ endpoints }) => [...endpoints.values()].some(({ own }) => own));

const chat = (more: object, allow: unknown = {}) =>
  build('chat.completions', { model: 'grok-3', ...more }, allowing(allow)).body;
const responses = (more: object, allow: unknown = {}) =>
  build('responses', more, allowing(allow)).body;
const denialOf = (dialect: Dialect, body: object, name = 'chat.completions') =>
  takes(dialect, { name }, body as Record<string, unknown>);

describe.each(all)('a request to $title', (dialect) => {
  it.each([...dialect.endpoints.keys()].filter((name) => !name.startsWith('realtime')))(
    'is taken at %s as the guard builds the smallest one',
    (name) => {
      const body = { ...build(name).body, model: 'grok-3' };
      expect(denialOf(dialect, body, name)).toBeUndefined();
    },
  );

  it('is taken when it sends the values that OpenAI has by default, and null', () => {
    const body = chat({
      n: 1,
      logprobs: false,
      parallel_tool_calls: true,
      frequency_penalty: 0,
      seed: null,
      prompt_cache_key: 'a',
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      user: 'someone',
      safety_identifier: 'someone',
    });
    expect(denialOf(dialect, body)).toBeUndefined();
  });

  it('is refused at an endpoint that it does not serve', () => {
    expect(denialOf(dialect, {}, 'images.generations')).toMatchObject({
      code: 'endpoint_not_allowed',
      message: `The endpoint "images.generations" is not served by ${dialect.title}.`,
    });
  });
});

describe.each(others)('a field that $title does not take', (dialect) => {
  it.each([
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['web_search_options', { web_search_options: {} }],
    ['provider', { provider: { order: ['x'] } }],
    ['service_tier', { service_tier: 'ultrafast' }],
  ])('is refused by its name: %s', (param, more) => {
    expect(denialOf(dialect, { ...chat({}), ...more })).toMatchObject({
      code: 'parameter_not_allowed',
      param,
      message: `"${param}" is not taken by ${dialect.title}.`,
    });
  });
});

const hosts = others.filter(({ name }) => name !== 'azure');

describe.each(hosts)('what only OpenAI runs or keeps, sent to $title', (dialect) => {
  it('tools that a host runs are refused', () => {
    const body = { ...chat({}), tools: [{ type: 'web_search' }] };
    expect(denialOf(dialect, body)).toMatchObject({ param: 'tools' });
  });

  it('files and audio are refused', () => {
    const part = { type: 'file', file: { file_data: 'data:text/plain;base64,aGk=' } };
    const body = { ...chat({}), messages: [{ role: 'user', content: [part] }] };
    expect(denialOf(dialect, body)).toMatchObject({ param: 'messages' });
  });
});

const withResponses = hosts.filter(({ endpoints }) => endpoints.has('responses'));

describe.each(withResponses)(
  'what OpenAI keeps, sent to the Responses API of $title',
  (dialect) => {
    it('references to stored objects are refused', () => {
      const body = responses({ previous_response_id: 'resp_1' }, { stateful: {} });
      expect(denialOf(dialect, body, 'responses')).toMatchObject({ param: 'previous_response_id' });
    });

    it('items of hosted tools are refused', () => {
      const body = { ...responses({}), input: [{ type: 'web_search_call', action: {} }] };
      expect(denialOf(dialect, body, 'responses')).toMatchObject({ param: 'input' });
    });
  },
);

describe('hosts with rules of their own', () => {
  const refusals: readonly (readonly [Dialect, string, object, string])[] = [
    [dialects.groq, 'n', { n: 2 }, '"n" must be 1 at Groq.'],
    [dialects.groq, 'logprobs', { logprobs: true }, '"logprobs" is not taken by Groq.'],
    [
      dialects.groq,
      'messages',
      { messages: [{ role: 'user', name: 'ada', content: 'hi' }] },
      '"messages" must have no "name" at Groq.',
    ],
    [
      dialects.mistral,
      'messages',
      { messages: [{ role: 'assistant', content: 'hi', reasoning_content: 'hm' }] },
      '"messages" must have no "reasoning_content" at Mistral.',
    ],
    [dialects.gemini, 'seed', { seed: 1 }, '"seed" is not taken by Gemini.'],
    [dialects.openai, 'top_k', { top_k: 1 }, '"top_k" is not taken by OpenAI.'],
    [
      dialects.openrouter,
      'model',
      { model: 'openai/gpt-5:online' },
      '"openai/gpt-5:online" of OpenRouter stands for a route or a tool, whose price is not known.',
    ],
    [
      dialects.xai,
      'model',
      { model: 'grok-4' },
      '"grok-4" of xAI may reason beyond the output cap on /chat/completions; use /responses.',
    ],
    [dialects.ollama, 'n', { n: 2 }, '"n" must be 1 at Ollama.'],
  ];

  it.each(refusals)('$0.title refuses $1', (dialect, param, more, message) => {
    expect(denialOf(dialect, { ...chat({}), ...more })).toMatchObject({
      code: 'parameter_not_allowed',
      param,
      message,
    });
  });

  it.each(['grok-3', 'grok-2-1212', 'grok-4-1-fast-non-reasoning'])(
    'xAI takes %s as a chat, because its cap counts all that it writes',
    (model) => expect(denialOf(dialects.xai, chat({ model }))).toBeUndefined(),
  );

  it.each(['grok-4', 'grok-3-mini', 'grok-code-fast-1', 'grok-7'])(
    'xAI refuses %s as a chat, because it may reason beyond its cap',
    (model) => expect(denialOf(dialects.xai, chat({ model }))).toMatchObject({ param: 'model' }),
  );

  it.each(['openrouter/auto', '@preset/mine', 'openai/gpt-5@preset/mine', 'x/y:online'])(
    'OpenRouter refuses %s, which stands for other models or runs a tool',
    (model) =>
      expect(denialOf(dialects.openrouter, { ...chat({}), model })).toMatchObject({
        param: 'model',
      }),
  );

  it('the model that is sent counts, not the alias that the client named', () => {
    const body = { ...chat({}), model: 'fast' };
    const endpoint = { name: 'chat.completions' };
    expect(takes(dialects.xai, endpoint, body, 'grok-3')).toBeUndefined();
    expect(takes(dialects.xai, endpoint, body, 'grok-4')).toMatchObject({ param: 'model' });
  });

  it('OpenAI takes "reasoning" of the Responses API', () => {
    const body = responses({ reasoning: { effort: 'low' } });
    expect(denialOf(dialects.openai, body, 'responses')).toBeUndefined();
  });
});
