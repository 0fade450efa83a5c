import type { Dialect, HostEndpoint } from './dialect.ts';
import { takesFields } from './fields.ts';

const asOpenAI: HostEndpoint = {};

const common = {
  name: 'azure',
  listsNoModels: true,
  title: 'Azure OpenAI',
  priceProvider: 'azure',
  // A deployment has any name, and the Responses API answers with it (api-version-lifecycle, 2026-02).
  billedModel: 'sent',
  reportsCost: false,
  // "If the service performs processing, you're charged even if the status code isn't successful": a content
  // filter or an input limit (400), a timeout (408) (Microsoft Learn, manage costs, 2026-09).
  billedRefusals: [
    {
      status: 400,
      words: /content_filter|content management policy|context_length/i,
      bills: 'input',
    },
    { status: 408, bills: 'all' },
  ],
} as const;

/**
 * Azure's v1 API, `/openai/v1/…`: OpenAI's own, with deployments as models (Microsoft Learn, Azure OpenAI in
 * Foundry Models v1 API, 2026-02; priority processing takes `service_tier: "default"`, 2026-04). Without
 * moderations. Its fees for hosted tools are its own.
 */
export const azureDialect: Dialect = {
  ...common,
  endpoints: new Map([
    ['chat.completions', asOpenAI],
    ['responses', asOpenAI],
    ['completions', asOpenAI],
    ['embeddings', asOpenAI],
    ['realtime.client_secrets', asOpenAI],
  ]),
  countsInput: true,
};

const sampling = [
  'stream',
  'temperature',
  'top_p',
  'stop',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'logprobs',
  'n',
  'seed',
];

/**
 * Azure's API with a date, `/openai/deployments/{name}/…?api-version=…`. It refuses fields that are younger
 * than its version, so it gets `user` and no tier: the deployment decides about that (inference reference
 * 2024-10-21 and 2025-04-01-preview; Microsoft Learn, quota and priority processing, 2026-04).
 */
export const azureClassicDialect: Dialect = {
  ...common,
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_completion_tokens',
          endUser: 'user',
          fields: takesFields([
            ...sampling,
            'messages',
            'top_logprobs',
            'tools',
            'tool_choice',
            'functions',
            'function_call',
            'parallel_tool_calls',
            'response_format',
            'reasoning_effort',
            'modalities',
            'audio',
          ]),
          store: true,
          streamOptions: true,
        },
      },
    ],
    [
      'completions',
      {
        own: {
          cap: 'max_tokens',
          endUser: 'user',
          fields: takesFields([...sampling, 'prompt', 'suffix', 'echo', 'best_of']),
          streamOptions: true,
        },
      },
    ],
    [
      'embeddings',
      {
        own: {
          endUser: 'user',
          fields: takesFields(['input', 'dimensions', 'encoding_format']),
        },
      },
    ],
  ]),
  countsInput: false,
};
