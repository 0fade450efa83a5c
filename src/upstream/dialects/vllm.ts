import type { Dialect } from './dialect.ts';
import {
  chatFields,
  messages,
  ownTools,
  plainItems,
  responsesFields,
  takesFields,
} from './fields.ts';

const sampling = [
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'logprobs',
  'n',
  'seed',
  'top_k',
  'min_p',
  'repetition_penalty',
  'min_tokens',
  'stop_token_ids',
  'ignore_eos',
  'skip_special_tokens',
  'include_stop_str_in_output',
  'structured_outputs',
];

/**
 * vLLM. From `vllm/entrypoints/openai` (chat_completion/protocol.py 002032e, engine/protocol.py 040a2cc,
 * 2026). It ignores fields that it does not know, with a line in its log, and reads `user` without using it.
 * `max_tokens` is known to all of its versions. A model may be a path or an adapter, so it is billed as it
 * was sent.
 */
export const vllmDialect: Dialect = {
  name: 'vllm',
  takesPaths: true,
  title: 'vLLM',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_tokens',
          endUser: 'user',
          fields: takesFields(
            [
              ...chatFields,
              ...sampling,
              'top_logprobs',
              'parallel_tool_calls',
              'reasoning_effort',
              'include_reasoning',
              'thinking_token_budget',
              'chat_template_kwargs',
              'documents',
            ],
            {
              tools: ownTools,
              messages: messages({ vendor: ['reasoning', 'reasoning_content'] }),
            },
          ),
          streamOptions: true,
        },
      },
    ],
    [
      'responses',
      {
        own: {
          cap: 'max_output_tokens',
          endUser: 'user',
          fields: takesFields(
            [...responsesFields, 'top_logprobs', 'truncation', 'top_k', 'skip_special_tokens'],
            { tools: ownTools, input: plainItems },
          ),
          store: true,
        },
      },
    ],
    [
      'completions',
      {
        own: {
          cap: 'max_tokens',
          endUser: 'user',
          fields: takesFields([
            'prompt',
            'stream',
            'temperature',
            'top_p',
            'stop',
            'suffix',
            'echo',
            ...sampling,
          ]),
          streamOptions: true,
        },
      },
    ],
    [
      'embeddings',
      { own: { endUser: 'user', fields: takesFields(['input', 'dimensions', 'encoding_format']) } },
    ],
  ]),
  billedModel: 'sent',
  reportsCost: false,
  countsInput: false,
};
