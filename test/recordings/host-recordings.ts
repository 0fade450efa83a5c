import {
  chat,
  chatStream,
  chunk,
  counted,
  data,
  events,
  finish,
  messages,
  plain,
  type Recording,
  whole,
  word,
} from './recording.ts';

const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const counts = (prompt_tokens: number, completion_tokens: number, more: object = {}) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
  ...more,
});
const cached = (inputTokens: number, cachedInputTokens: number, outputTokens: number) => ({
  usage: { inputTokens, cachedInputTokens, outputTokens },
  charged: {
    input: inputTokens - cachedInputTokens,
    cached: cachedInputTokens,
    output: outputTokens,
  },
});
const thought = (inputTokens: number, outputTokens: number, reasoningTokens: number) => ({
  usage: { inputTokens, outputTokens, reasoningTokens },
  charged: { input: inputTokens, output: outputTokens },
  estimated: true,
});
const beside = (inputTokens: number, outputTokens: number, reasoningTokens: number) => ({
  ...thought(inputTokens, outputTokens, reasoningTokens),
  estimated: false,
});
const larger = (inputTokens: number, outputTokens: number) => ({
  ...plain(inputTokens, outputTokens),
  estimated: true,
});
const reasoning = (reasoning_tokens: number) => ({
  completion_tokens_details: { reasoning_tokens },
});

/** Answers of other hosts that speak OpenAI's wire. */
export const hostRecordings: readonly Recording[] = [
  chat(
    'Groq: times beside the counts, and a tier of its own',
    counts(44, 23, {
      queue_time: 0.017,
      prompt_time: 0.002,
      completion_time: 0.08,
      total_time: 0.083,
    }),
    plain(44, 23),
    { service_tier: 'on_demand', x_groq: { id: 'req_1' } },
  ),
  chatStream(
    'Groq: a stream with its usage twice',
    [
      chunk({ x_groq: { id: 'req_1' } }, { role: 'assistant', content: '' }),
      word('Deep'),
      finish({ x_groq: { id: 'req_1', usage: counts(44, 2, { total_time: 0.01 }) } }),
      counted(counts(44, 2, { total_time: 0.01 }), { service_tier: 'on_demand' }),
    ],
    plain(44, 2),
  ),
  chatStream(
    'Groq: a stream with its usage in x_groq alone',
    [
      chunk({ x_groq: { id: 'req_1' } }, { role: 'assistant', content: '' }),
      word('Deep'),
      finish({ x_groq: { id: 'req_1', usage: counts(44, 2, { total_time: 0.01 }) } }),
    ],
    plain(44, 2),
  ),
  chat(
    'Mistral: cached tokens by another name',
    counts(820, 40, { num_cached_tokens: 768 }),
    cached(820, 768, 40),
  ),
  chatStream(
    'Mistral: a stream with usage in its finish',
    [
      word('Deep'),
      finish({ usage: counts(820, 40, { prompt_tokens_details: { cached_tokens: 768 } }) }),
    ],
    cached(820, 768, 40),
  ),
  chat(
    'DeepSeek: hits and misses of the cache',
    counts(100, 12, {
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
      prompt_tokens_details: { cached_tokens: 64 },
    }),
    cached(100, 64, 12),
  ),
  chatStream(
    'DeepSeek: zeros in every chunk until the last',
    [
      word('Deep', { usage: zeros }),
      word(' enough', { usage: zeros }),
      finish({
        usage: counts(100, 12, { prompt_cache_hit_tokens: 0, prompt_cache_miss_tokens: 100 }),
      }),
    ],
    plain(100, 12),
  ),
  chat(
    'OpenRouter: costs beside the counts',
    counts(60, 8, {
      cost: 0.000123,
      is_byok: false,
      cost_details: { upstream_inference_cost: null },
    }),
    plain(60, 8),
    { provider: 'Some' },
  ),
  chatStream(
    'OpenRouter: more reasoning than output',
    [word(''), chunk({ usage: counts(40, 10, reasoning(11)) }, { content: '' }, 'stop')],
    thought(40, 11, 11),
  ),
  chat(
    'OpenRouter: what was read from the cache was also written to it',
    counts(2_168, 100, {
      prompt_tokens_details: { cached_tokens: 2_161, cache_write_tokens: 2_161 },
    }),
    {
      usage: {
        inputTokens: 2_168,
        cachedInputTokens: 2_161,
        cacheWriteTokens: 2_161,
        outputTokens: 100,
      },
      charged: { input: 7, cacheWrite: 2_161, output: 100 },
      estimated: true,
    },
  ),
  events(
    'OpenRouter: a stream with comments, and usage behind the finish',
    '/chat/completions',
    { model: 'plain', messages, stream: true, stream_options: { include_usage: true } },
    `: PROCESSING\n\n: PROCESSING\n\n${[
      word('Deep'),
      finish(),
      chunk({ usage: counts(60, 2) }, { content: '' }),
    ]
      .map(data)
      .join('')}data: [DONE]\n\n`,
    plain(60, 2),
  ),
  chat(
    'Gemini: thinking that only the total tells',
    { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 },
    larger(35, 74),
  ),
  chatStream(
    'Gemini: running totals with thinking, in every chunk',
    [
      word('Deep', { usage: { prompt_tokens: 35, completion_tokens: 1, total_tokens: 90 } }),
      chunk(
        { usage: { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 } },
        { content: '.' },
        'stop',
      ),
    ],
    larger(35, 74),
  ),
  chat(
    'Moonshot: cached tokens outside the details',
    counts(512, 20, { cached_tokens: 256 }),
    cached(512, 256, 20),
  ),
  chatStream(
    'Moonshot: usage inside the choice and beside it',
    [
      word('Deep'),
      chunk({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: counts(512, 3) }],
        usage: counts(512, 3, { cached_tokens: 256 }),
      }),
    ],
    cached(512, 256, 3),
  ),
  chat('A router of open models: plain counts', counts(21, 9), plain(21, 9), {
    system_fingerprint: '3.3-sha',
  }),
  chat(
    'Cerebras: times in an object of their own',
    counts(15, 11, { prompt_tokens_details: { cached_tokens: 0 } }),
    plain(15, 11),
    { time_info: { queue_time: 0.0001, total_time: 0.01 } },
  ),
  chat('Snowflake: tokens of a guard', counts(18, 7, { guardrail_tokens: 0 }), plain(18, 7)),
  chatStream(
    'Snowflake: running totals in every chunk, and no last one',
    [1, 2, 3].map((count) => word('w', { usage: counts(18, count) })),
    plain(18, 3),
  ),
  chat(
    'Z.ai: cached tokens and a text of reasoning',
    counts(300, 50, { prompt_tokens_details: { cached_tokens: 43 } }),
    cached(300, 43, 50),
    { request_id: 'r1' },
  ),
  chat(
    'vLLM: details that are null',
    counts(11, 6, { prompt_tokens_details: null }),
    plain(11, 6),
    { prompt_logprobs: null, kv_transfer_params: null },
  ),
  chatStream(
    'vLLM: usage in every chunk, and in one without choices',
    [
      chunk({ usage: counts(11, 0) }, { role: 'assistant', content: '' }),
      word('Deep', { usage: counts(11, 1) }),
      chunk({ usage: counts(11, 2) }, { content: '.' }, 'stop'),
      counted(counts(11, 2)),
    ],
    plain(11, 2),
  ),
  chat('Ollama: plain counts', counts(26, 8), plain(26, 8), { system_fingerprint: 'fp_local' }),
  chatStream('Ollama: a stream', [word('Deep'), finish(), counted(counts(26, 2))], plain(26, 2)),
  chat(
    'Perplexity: citations and an object of costs',
    counts(8, 90, {
      search_context_size: 'low',
      cost: { input_tokens_cost: 0, total_cost: 0.006 },
    }),
    plain(8, 90),
    { citations: ['https://sea.example'], search_results: [] },
  ),
  chat(
    'xAI: reasoning beside the output',
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: {
        text_tokens: 32,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 0,
      },
      completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      num_sources_used: 0,
    },
    beside(32, 103, 94),
  ),
  chatStream(
    'xAI: a stream with reasoning beside the output',
    [
      word('Deep'),
      finish(),
      counted({ prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, ...reasoning(94) }),
    ],
    beside(32, 103, 94),
  ),
  chat('Together: a prompt in the answer', counts(40, 33), plain(40, 33), { prompt: [] }),
  chatStream(
    'Together: a stream with usage in its finish',
    [word('Deep', { usage: null }), finish({ usage: counts(40, 2) })],
    plain(40, 2),
  ),
  whole(
    'Voyage: embeddings with a total alone',
    '/embeddings',
    { model: 'plain', input: 'The sea' },
    {
      object: 'list',
      data: [{ embedding: [0.1], index: 0 }],
      model: 'plain',
      usage: { total_tokens: 18 },
    },
    plain(18, 0),
  ),
  chat(
    'A gateway: tokens of the cache beside the input',
    {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 90,
    },
    {
      usage: { inputTokens: 1_000, cachedInputTokens: 900, cacheWriteTokens: 90, outputTokens: 5 },
      charged: { input: 10, cached: 900, cacheWrite: 90, output: 5 },
      estimated: true,
    },
  ),
  chat(
    'A gateway: a negative input, and a total',
    { prompt_tokens: -3, completion_tokens: 5, total_tokens: 12 },
    larger(7, 5),
  ),
  chat('A gateway: fractions', { prompt_tokens: 10.5, completion_tokens: 2.1 }, plain(11, 3)),
  chat(
    'A gateway: a total below its parts',
    { ...counts(100, 50), total_tokens: 120 },
    plain(100, 50),
  ),
  chatStream(
    'A gateway: the input first, the output last',
    [
      chunk({ usage: { prompt_tokens: 900 } }, { role: 'assistant' }),
      word('Deep'),
      finish({ usage: { completion_tokens: 40 } }),
    ],
    plain(900, 40),
  ),
  chatStream(
    'A gateway: zeros behind the real usage',
    [word('Deep'), finish({ usage: counts(900, 40) }), counted(zeros)],
    plain(900, 40),
  ),
  events(
    'A gateway: lines end with CRLF, and no space is behind the colon',
    '/chat/completions',
    { model: 'plain', messages, stream: true, stream_options: { include_usage: true } },
    [word('Deep'), finish(), counted(counts(7, 2))]
      .map((json) => `data:${JSON.stringify(json)}\r\n\r\n`)
      .join('')
      .concat('data:[DONE]\r\n\r\n'),
    plain(7, 2),
  ),
];
