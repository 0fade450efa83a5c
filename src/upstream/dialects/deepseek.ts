import type { Dialect } from './dialect.ts';
import { chatFields, messages, one, ownTools, plainItems, takesFields } from './fields.ts';

/**
 * DeepSeek. From api-docs.deepseek.com (create chat completion, thinking mode, rate limit and isolation,
 * Responses API; 2026-08) and its own client deepseek-harness (b150a55, 2026-08-21). Its cap is
 * `max_tokens` and counts the thinking; `max_completion_tokens` is ignored. `user_id` separates users: their
 * safety, their cache and their turns. Input that was cached is in `prompt_cache_hit_tokens`. It serves the
 * Responses API without state, and no `[DONE]` ends that stream.
 */
export const deepSeekDialect: Dialect = {
  name: 'deepseek',
  title: 'DeepSeek',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_tokens',
          endUser: 'user_id',
          fields: takesFields(
            [
              ...chatFields,
              'frequency_penalty',
              'presence_penalty',
              'logprobs',
              'top_logprobs',
              'reasoning_effort',
              'thinking',
            ],
            {
              n: one,
              tools: ownTools,
              messages: messages({ vendor: ['reasoning_content', 'prefix'] }),
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
          endUser: 'user_id',
          fields: takesFields(
            [
              'instructions',
              'stream',
              'temperature',
              'top_p',
              'tool_choice',
              'text',
              'reasoning',
              'parallel_tool_calls',
            ],
            { tools: ownTools, input: plainItems },
          ),
        },
      },
    ],
  ]),
  priceProvider: 'deepseek',
  billedModel: 'answered',
  reportsCost: false,
  countsInput: false,
};
