import type { Dialect } from './dialect.ts';
import { chatFields, messages, ownTools, plainItems, takesFields, textInput } from './fields.ts';

/** `auto` may use capacity that has another price. */
const TIERS = { default: 'standard_only' };

/**
 * Mistral. From the types of `@mistralai/mistralai` 2.7.0 and docs.mistral.ai (2026-11). It refuses every
 * field that it does not know, with 422 `extra_forbidden`: `max_completion_tokens`, `store`, `seed`,
 * `stream_options`, `user`, and `reasoning_content` in messages (mistralai/platform-docs-public#7;
 * issues of clients, 2025-10 to 2026-04). It has no field for the end user. Usage is in the last chunk of
 * every stream. Its moderations have a price, so they are not served.
 */
export const mistralDialect: Dialect = {
  name: 'mistral',
  title: 'Mistral',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_tokens',
          fields: takesFields(
            [
              ...chatFields,
              'frequency_penalty',
              'presence_penalty',
              'n',
              'parallel_tool_calls',
              'reasoning_effort',
              'seed',
              'random_seed',
              'prompt_mode',
              'safe_prompt',
            ],
            { tools: ownTools, messages: messages({ vendor: ['prefix'] }) },
          ),
          renamed: { seed: 'random_seed' },
          tiers: TIERS,
          promptCacheKey: true,
        },
      },
    ],
    [
      'responses',
      {
        own: {
          cap: 'max_output_tokens',
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
          promptCacheKey: true,
        },
      },
    ],
    [
      'embeddings',
      {
        own: {
          fields: takesFields(
            ['dimensions', 'encoding_format', 'output_dimension', 'output_dtype'],
            { input: textInput },
          ),
          renamed: { dimensions: 'output_dimension' },
        },
      },
    ],
  ]),
  priceProvider: 'mistral',
  billedModel: 'answered',
  reportsCost: false,
  countsInput: false,
};
