import type { Dialect } from './dialect.ts';
import {
  chatFields,
  messages,
  one,
  ownTools,
  plainItems,
  responsesFields,
  takesFields,
} from './fields.ts';

/** Groq's own tiers; what OpenAI calls `default` is `on_demand`. */
const TIERS = { default: 'on_demand', flex: 'flex', performance: 'performance' };

/**
 * Groq. From the types of `groq-sdk` 1.6.0 and console.groq.com/docs/openai (2026-11): `logprobs`,
 * `logit_bias`, `top_logprobs`, `messages[].name` and `n` above 1 are 400. Its cap counts reasoning. Usage
 * comes in the last chunk of a stream as `x_groq.usage`, whether it was asked for or not. Compound models
 * run tools that have fees.
 */
export const groqDialect: Dialect = {
  name: 'groq',
  title: 'Groq',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_completion_tokens',
          endUser: 'user',
          fields: takesFields(
            [
              ...chatFields,
              'frequency_penalty',
              'presence_penalty',
              'seed',
              'parallel_tool_calls',
              'reasoning_effort',
              'reasoning_format',
              'include_reasoning',
              'documents',
            ],
            {
              n: one,
              tools: ownTools,
              messages: messages({ vendor: ['reasoning'], refused: ['name'] }),
            },
          ),
          tiers: TIERS,
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
            responsesFields.filter((name) => name !== 'include'),
            { tools: ownTools, input: plainItems },
          ),
          tiers: TIERS,
          store: true,
        },
      },
    ],
  ]),
  priceProvider: 'groq',
  billedModel: 'answered',
  reportsCost: false,
  // The model has written by then (`failed_generation`). Whether that is billed is not said, so it counts
  // (console.groq.com/docs, tool use and structured outputs; issues of 2024-05 to 2026-02).
  billedRefusals: [
    {
      status: 400,
      words: /tool_use_failed|json_validate_failed|output_parse_failed/,
      bills: 'all',
    },
  ],
  countsInput: false,
  refusedModel: (model) =>
    /^(?:groq\/)?compound/.test(model) ? 'runs tools that have fees of their own' : undefined,
};
