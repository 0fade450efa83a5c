import {
  chat,
  chatStream,
  chunk,
  counted,
  DONE,
  data,
  events,
  finish,
  messages,
  plain,
  type Recording,
  whole,
  word,
} from './recording.ts';

const response = (more: object) => ({
  id: 'resp_0a1b2c',
  object: 'response',
  created_at: 1_790_000_000,
  status: 'completed',
  model: 'plain',
  output: [{ type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: 'Deep.' }] }],
  service_tier: 'default',
  ...more,
});
const ask = { model: 'plain', input: 'How deep is the sea?' };
const event = (type: string, more: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const spoken = (type: string, usage: object, more: object = {}) =>
  event('response.created', {
    sequence_number: 0,
    response: response({ status: 'in_progress', usage: null }),
  }) +
  event('response.output_text.delta', { sequence_number: 1, delta: 'Deep “enough”.' }) +
  event(type, { sequence_number: 2, response: response({ usage, ...more }) });
const completed = {
  input_tokens: 120,
  input_tokens_details: { cached_tokens: 100 },
  output_tokens: 70,
  output_tokens_details: { reasoning_tokens: 64 },
  total_tokens: 190,
};
const reasoned = {
  usage: { inputTokens: 120, cachedInputTokens: 100, outputTokens: 70, reasoningTokens: 64 },
  charged: { input: 20, cached: 100, output: 70 },
};
const search = {
  type: 'web_search_call',
  status: 'completed',
  action: { type: 'search', query: 'sea' },
};

/** Answers of OpenAI and of Azure. */
export const openAIRecordings: readonly Recording[] = [
  chat(
    'OpenAI: chat with all details',
    {
      prompt_tokens: 19,
      completion_tokens: 10,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    plain(19, 10),
    { service_tier: 'default', system_fingerprint: 'fp_0' },
  ),
  chat(
    'OpenAI: chat with cached input',
    {
      prompt_tokens: 2_006,
      completion_tokens: 30,
      total_tokens: 2_036,
      prompt_tokens_details: { cached_tokens: 1_920 },
    },
    {
      usage: { inputTokens: 2_006, cachedInputTokens: 1_920, outputTokens: 30 },
      charged: { input: 86, cached: 1_920, output: 30 },
    },
  ),
  chat(
    'OpenAI: chat with cache writes, some of them long',
    {
      prompt_tokens: 2_000,
      completion_tokens: 5,
      total_tokens: 2_005,
      prompt_tokens_details: {
        cached_tokens: 500,
        cache_write_tokens: 1_400,
        cache_write_tokens_details: { ttl_12h_tokens: 400 },
      },
    },
    {
      usage: {
        inputTokens: 2_000,
        cachedInputTokens: 500,
        cacheWriteTokens: 1_400,
        cacheWriteLongTokens: 400,
        outputTokens: 5,
      },
      charged: { input: 100, cached: 500, cacheWrite: 1_000, cacheWriteLong: 400, output: 5 },
    },
  ),
  chat(
    'OpenAI: chat with audio',
    {
      prompt_tokens: 132,
      completion_tokens: 121,
      total_tokens: 253,
      prompt_tokens_details: { text_tokens: 119, audio_tokens: 13, image_tokens: 0 },
      completion_tokens_details: { text_tokens: 30, audio_tokens: 91 },
    },
    {
      usage: { inputTokens: 132, inputAudioTokens: 13, outputTokens: 121, outputAudioTokens: 91 },
      charged: { input: 119, inputAudio: 13, output: 30, outputAudio: 91 },
    },
  ),
  whole(
    'OpenAI: chat asked at priority and served at flex',
    '/chat/completions',
    { model: 'tiered', messages, service_tier: 'priority' },
    {
      model: 'tiered',
      service_tier: 'flex',
      choices: [{ index: 0, message: { content: 'Deep.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
    },
    {
      usage: { inputTokens: 100, outputTokens: 50 },
      charged: { input: 100, output: 50, factor: 0.5 },
    },
  ),
  chatStream(
    'OpenAI: a chat stream with usage in its own chunk',
    [
      chunk({ usage: null }, { role: 'assistant', content: '' }),
      word('Deep', { usage: null }),
      word(' “enough”', { usage: null }),
      finish({ usage: null }),
      counted({ prompt_tokens: 19, completion_tokens: 4, total_tokens: 23 }),
    ],
    plain(19, 4),
  ),
  chatStream(
    'OpenAI: a chat stream that thinks before it writes',
    [
      word('Deep', { usage: null }),
      finish({ usage: null }),
      counted({
        prompt_tokens: 25,
        completion_tokens: 330,
        total_tokens: 355,
        completion_tokens_details: { reasoning_tokens: 320 },
      }),
    ],
    {
      usage: { inputTokens: 25, outputTokens: 330, reasoningTokens: 320 },
      charged: { input: 25, output: 330 },
    },
  ),
  whole('OpenAI: a response', '/responses', ask, response({ usage: completed }), reasoned),
  whole(
    'OpenAI: a response with two searches',
    '/responses',
    { ...ask, tools: [{ type: 'web_search' }] },
    response({ output: [search, search], usage: completed }),
    { ...reasoned, charged: { ...reasoned.charged, searches: 2 } },
  ),
  ...['response.completed', 'response.incomplete', 'response.failed'].map((type) =>
    events(
      `OpenAI: a stream that ends with ${type}`,
      '/responses',
      { ...ask, stream: true },
      spoken(type, completed),
      reasoned,
    ),
  ),
  whole(
    'OpenAI: a completion',
    '/completions',
    { model: 'plain', prompt: 'Once' },
    {
      id: 'cmpl-1',
      object: 'text_completion',
      model: 'plain',
      choices: [{ text: ' upon a time', index: 0, logprobs: null, finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 16, total_tokens: 17 },
    },
    plain(1, 16),
  ),
  events(
    'OpenAI: a stream of a completion',
    '/completions',
    { model: 'plain', prompt: 'Once', stream: true, stream_options: { include_usage: true } },
    [
      { choices: [{ text: ' upon', index: 0, finish_reason: null }], usage: null },
      { choices: [{ text: ' a time', index: 0, finish_reason: 'stop' }], usage: null },
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 } },
    ]
      .map(data)
      .join('') + DONE,
    plain(1, 3),
  ),
  whole(
    'OpenAI: embeddings',
    '/embeddings',
    { model: 'plain', input: 'The sea' },
    {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.01, -0.02] }],
      model: 'plain',
      usage: { prompt_tokens: 2, total_tokens: 2 },
    },
    plain(2, 0),
  ),
  chat(
    'Azure: chat with checks of its content',
    {
      completion_tokens: 12,
      completion_tokens_details: null,
      prompt_tokens: 30,
      prompt_tokens_details: null,
      total_tokens: 42,
    },
    plain(30, 12),
    {
      prompt_filter_results: [
        { prompt_index: 0, content_filter_results: { hate: { filtered: false } } },
      ],
    },
  ),
  chatStream(
    'Azure: a stream that begins with a chunk without choices',
    [
      {
        choices: [],
        created: 0,
        id: '',
        model: '',
        object: '',
        prompt_filter_results: [{ prompt_index: 0 }],
      },
      word('Deep', { usage: null }),
      finish({ usage: null }),
      counted({ prompt_tokens: 30, completion_tokens: 1, total_tokens: 31 }),
    ],
    plain(30, 1),
  ),
];
