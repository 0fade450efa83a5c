import type { HostRequest } from './host.ts';

/** Fields of a chat that Mistral knows; every other is 422. */
export const mistralFields = [
  'messages',
  'temperature',
  'top_p',
  'stream',
  'stop',
  'random_seed',
  'metadata',
  'response_format',
  'tools',
  'tool_choice',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'prediction',
  'parallel_tool_calls',
  'reasoning_effort',
  'prompt_mode',
  'guardrails',
  'prompt_cache_key',
  'service_tier',
  'safe_prompt',
];

/** Fields of a chat that Groq knows; every other is 400. */
export const groqFields = [
  'messages',
  'citation_options',
  'compound_custom',
  'disable_tool_validation',
  'documents',
  'frequency_penalty',
  'function_call',
  'functions',
  'include_reasoning',
  'metadata',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'reasoning_effort',
  'reasoning_format',
  'response_format',
  'search_settings',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_p',
];

/** Fields of a chat that Gemini knows; every other is 400. */
export const geminiFields = [
  'messages',
  'temperature',
  'top_p',
  'stream',
  'stream_options',
  'stop',
  'n',
  'response_format',
  'tools',
  'tool_choice',
  'reasoning_effort',
  'service_tier',
  'extra_body',
];

const sampling = [
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'n',
  'presence_penalty',
  'seed',
  'stop',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
];

/** What Azure's API of a date knows; every other field is 400. */
export const azureFields: Readonly<Record<string, HostRequest>> = {
  '/chat/completions': {
    caps: ['max_completion_tokens', 'max_tokens'],
    endUser: 'user',
    fields: [
      ...sampling,
      'messages',
      'audio',
      'data_sources',
      'function_call',
      'functions',
      'metadata',
      'modalities',
      'parallel_tool_calls',
      'prediction',
      'reasoning_effort',
      'response_format',
      'store',
      'tool_choice',
      'tools',
      'top_logprobs',
    ],
  },
  '/completions': {
    caps: ['max_tokens'],
    endUser: 'user',
    fields: [...sampling, 'prompt', 'best_of', 'echo', 'suffix'],
  },
  '/embeddings': {
    endUser: 'user',
    fields: ['input', 'dimensions', 'encoding_format', 'input_type'],
  },
};
