import type { Dialect } from './dialect.ts';
import { chatFields, messages, ownTools, takesFields } from './fields.ts';

/**
 * Gemini's OpenAI endpoint, `generativelanguage.googleapis.com/v1beta/openai`. From ai.google.dev/gemini-api/
 * docs/openai (2026-10) and errors that clients reported (2025-02 to 2026-06): it refuses every field that
 * it does not know with 400 `Unknown name`, such as `store`, `metadata`, `seed`, `prompt_cache_key`,
 * `frequency_penalty`. It has no field for the end user. Errors are in a list. Thinking counts against the
 * cap, and often only `total_tokens` tells it.
 */
export const geminiDialect: Dialect = {
  name: 'gemini',
  listedPrefix: 'models/',
  title: 'Gemini',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_tokens',
          fields: takesFields([...chatFields, 'n', 'reasoning_effort', 'extra_body'], {
            tools: ownTools,
            messages: messages(),
          }),
          tiers: { flex: 'flex', priority: 'priority' },
          streamOptions: true,
        },
      },
    ],
    ['embeddings', { own: { fields: takesFields(['input', 'dimensions', 'encoding_format']) } }],
  ]),
  priceProvider: 'google',
  billedModel: 'answered',
  reportsCost: false,
  countsInput: false,
};
