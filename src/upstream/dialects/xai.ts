import type { Dialect } from './dialect.ts';
import {
  chatFields,
  messages,
  ownTools,
  plainItems,
  responsesFields,
  takesFields,
} from './fields.ts';

/** Models that write no reasoning (docs.x.ai, models, 2026-07). A new name counts as one that does. */
const WITHOUT_REASONING = /non-reasoning|^grok-(?:2|3)(?:-(?!mini)|$)/;

const AGAINST_RULES = /violates usage guidelines|SAFETY_CHECK_TYPE/i;

const TIERS = { default: 'default', priority: 'priority' };

/**
 * xAI. From its OpenAPI file (api.x.ai, 2026-08) and `@ai-sdk/xai` 3.0.138 (2026-11). The cap of chat
 * completions "does not apply to tokens used for reasoning", so models that reason are called by the
 * Responses API, whose cap counts both. Completion tokens of a chat leave out the reasoning; the total tells
 * it. `stop` and the penalties are refused for models that reason. Searches have fees, so `search_parameters`
 * is never sent.
 */
export const xaiDialect: Dialect = {
  name: 'xai',
  title: 'xAI',
  endpoints: new Map([
    [
      'chat.completions',
      {
        refusedModel: (model: string) =>
          WITHOUT_REASONING.test(model)
            ? undefined
            : 'may reason beyond the output cap on /chat/completions; use /responses',
        own: {
          cap: 'max_completion_tokens',
          endUser: 'user',
          fields: takesFields(
            [
              ...chatFields,
              'frequency_penalty',
              'presence_penalty',
              'logprobs',
              'top_logprobs',
              'n',
              'seed',
              'parallel_tool_calls',
              'reasoning_effort',
            ],
            { tools: ownTools, messages: messages({ vendor: ['reasoning_content'] }) },
          ),
          tiers: TIERS,
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
          fields: takesFields([...responsesFields, 'top_logprobs'], {
            tools: ownTools,
            input: plainItems,
          }),
          tiers: TIERS,
          // It keeps answers for 30 days unless it is `false`.
          store: true,
        },
      },
    ],
  ]),
  priceProvider: 'x-ai',
  billedModel: 'answered',
  // `usage.cost_in_usd_ticks` is "the actual amount billed" (docs.x.ai, cost tracking, 2026-11).
  reportsCost: true,
  // A request against its rules is charged as generated, or $0.05 if that was found before on the Responses
  // API (docs.x.ai, pricing, 2026-06 to 2026-07).
  billedRefusals: [{ status: 403, words: AGAINST_RULES, bills: 'all' }],
  refusalFeeNanoUsd: 50_000_000,
  countsInput: false,
};
