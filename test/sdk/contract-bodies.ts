import type { OpenAI } from 'openai';

const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

type Chat = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Response = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const parameters = { type: 'object', properties: { of: { type: 'string' } } };
const question = 'How deep is the sea?';

const chat = {
  model: 'gpt-5-mini',
  messages: [
    { role: 'developer', content: 'Be short.', name: 'app' },
    {
      role: 'user',
      content: [
        { type: 'text', text: question },
        { type: 'image_url', image_url: { url: png, detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'depth', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '11 km' },
  ],
  frequency_penalty: 0.1,
  logit_bias: { 5: 1 },
  logprobs: false,
  max_completion_tokens: 50,
  max_tokens: 60,
  metadata: { plan: 'pro' },
  modalities: ['text'],
  moderation: { model: 'omni-moderation-latest' },
  n: 2,
  parallel_tool_calls: true,
  presence_penalty: 0.1,
  prompt_cache_key: 'key',
  prompt_cache_options: { mode: 'explicit', ttl: '30m' },
  prompt_cache_retention: '24h',
  reasoning_effort: 'low',
  response_format: { type: 'text' },
  safety_identifier: 'me',
  seed: 7,
  service_tier: 'flex',
  stop: ['END'],
  store: true,
  stream: false,
  stream_options: null,
  temperature: 1,
  tool_choice: 'auto',
  tools: [{ type: 'function', function: { name: 'depth', parameters, strict: false } }],
  top_logprobs: null,
  top_p: 1,
  user: 'me',
  verbosity: 'low',
  web_search_options: { search_context_size: 'low' },
} satisfies Chat;

const olderChat = {
  model: 'gpt-4o-audio-preview',
  messages: [{ role: 'user', content: question }],
  audio: { voice: 'alloy', format: 'wav' },
  modalities: ['text', 'audio'],
  functions: [{ name: 'depth', parameters }],
  function_call: 'none',
} satisfies Chat;

const response = {
  model: 'gpt-5-mini',
  background: false,
  conversation: null,
  image: { context_compression: 'auto' },
  include: ['message.output_text.logprobs'],
  input: [
    { role: 'user', content: [{ type: 'input_text', text: question }] },
    { type: 'function_call', call_id: 'call_1', name: 'depth', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_1', output: '11 km' },
  ],
  instructions: 'Be short.',
  max_output_tokens: 50,
  max_tool_calls: 2,
  metadata: { plan: 'pro' },
  moderation: { model: 'omni-moderation-latest' },
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: 'key',
  prompt_cache_options: { mode: 'explicit', ttl: '30m' },
  prompt_cache_retention: '24h',
  reasoning: { effort: 'low', summary: 'auto' },
  safety_identifier: 'me',
  service_tier: 'flex',
  store: true,
  stream: false,
  stream_options: null,
  temperature: 1,
  text: { format: { type: 'text' }, verbosity: 'low' },
  tool_choice: 'auto',
  tools: [
    { type: 'function', name: 'depth', parameters, strict: false },
    { type: 'web_search', search_context_size: 'low' },
  ],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'auto',
  user: 'me',
} satisfies Response;

const promptResponse = {
  model: 'gpt-5-mini',
  prompt: { id: 'pmpt_1', version: '2', variables: { of: 'the sea' } },
} satisfies Response;

const completion = {
  model: 'gpt-3.5-turbo-instruct',
  best_of: 2,
  echo: false,
  frequency_penalty: 0.1,
  logit_bias: { 5: 1 },
  logprobs: null,
  max_tokens: 20,
  n: 1,
  presence_penalty: 0.1,
  prompt: ['Once', 'Twice'],
  seed: 7,
  stop: 'END',
  stream: false,
  stream_options: null,
  suffix: ' the end',
  temperature: 1,
  top_p: 1,
  user: 'me',
} satisfies OpenAI.CompletionCreateParamsNonStreaming;

const embedding = {
  model: 'text-embedding-3-small',
  input: ['one', 'two'],
  dimensions: 8,
  user: 'me',
} satisfies OpenAI.EmbeddingCreateParams;

const moderation = {
  model: 'omni-moderation-latest',
  input: [
    { type: 'text', text: 'a text' },
    { type: 'image_url', image_url: { url: png } },
  ],
} satisfies OpenAI.ModerationCreateParams;

const secret = {
  expires_after: { anchor: 'created_at', seconds: 60 },
  session: { type: 'realtime', model: 'gpt-realtime' },
} satisfies OpenAI.Realtime.ClientSecretCreateParams;

/** Requests that together set every field of the SDK's types that a plan can allow. */
export const bodies = {
  chat,
  olderChat,
  response,
  promptResponse,
  completion,
  embedding,
  floats: { ...embedding, encoding_format: 'float' },
  base64: { ...embedding, encoding_format: 'base64' },
  moderation,
  secret,
} as const;

/** What no plan can allow. */
export const refusedFields = [
  'prediction',
  'access_programs',
  'background_options',
  'context_management',
];
