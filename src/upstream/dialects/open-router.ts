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

const TIERS = { default: 'default', flex: 'flex', priority: 'priority', fast: 'fast' };

/** Words behind a model's name that add a tool with a fee, and names that stand for other models. */
const ROUTED = /:online$|^openrouter\/(?!.*:free$)|@preset\//;

/**
 * OpenRouter. From the types of `@openrouter/sdk` 1.3.19 and its documentation (usage accounting, BYOK,
 * model variants; 2026-11). `max_tokens` is what every provider behind it knows. Usage and its cost in
 * credits, which are US dollars, are always in the answer. With a provider's own key, `cost` is only the
 * fee, and `cost_details.upstream_inference_cost` is what that provider charges.
 */
export const openRouterDialect: Dialect = {
  name: 'openrouter',
  title: 'OpenRouter',
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
              'frequency_penalty',
              'presence_penalty',
              'logit_bias',
              'logprobs',
              'top_logprobs',
              'seed',
              'parallel_tool_calls',
              'reasoning_effort',
              'verbosity',
              'top_k',
              'top_a',
              'min_p',
              'repetition_penalty',
              'reasoning',
              'include_reasoning',
              'transforms',
            ],
            {
              n: one,
              tools: ownTools,
              messages: messages({
                vendor: ['reasoning', 'reasoning_content', 'reasoning_details'],
              }),
            },
          ),
          tiers: TIERS,
          streamOptions: true,
          promptCacheKey: true,
        },
      },
    ],
    [
      'responses',
      {
        own: {
          cap: 'max_output_tokens',
          endUser: 'safety_identifier',
          fields: takesFields([...responsesFields, 'top_logprobs', 'truncation', 'top_k'], {
            tools: ownTools,
            input: plainItems,
          }),
          tiers: TIERS,
          // `true` is refused: it keeps nothing.
          store: true,
          promptCacheKey: true,
        },
      },
    ],
    [
      'embeddings',
      {
        own: {
          endUser: 'user',
          fields: takesFields(['input', 'dimensions', 'encoding_format', 'input_type']),
        },
      },
    ],
  ]),
  priceProvider: 'openrouter',
  billedModel: 'answered',
  reportsCost: true,
  countsInput: false,
  refusedModel: (model) =>
    ROUTED.test(model) ? 'stands for a route or a tool, whose price is not known' : undefined,
};
