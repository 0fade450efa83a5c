import type { ChatUsage } from './chat-usage.ts';
import type { Generation } from './generation.ts';
import { costOf } from './invoice.ts';
import { type FakeJson, isRecord } from './json.ts';
import type { Script } from './script.ts';

function chatUsage(generation: Generation): ChatUsage {
  return {
    prompt_tokens: generation.inputTokens,
    completion_tokens: generation.outputTokens,
    total_tokens: generation.inputTokens + generation.outputTokens,
    prompt_tokens_details: {
      cached_tokens: generation.cachedInputTokens,
      cache_write_tokens: generation.cacheWriteTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: generation.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The `usage` of chat completions and of legacy completions, as the host of the call writes it. */
export function hostUsage(generation: Generation): FakeJson {
  const { host } = generation.call;
  return { ...host.usage(chatUsage(generation)), ...host.cost(costOf(generation)) };
}

/** The member of an answer that names its tier, as the host of the call writes it. */
export function tierMember({ call, serviceTier }: Generation): FakeJson {
  const tier = call.host.tiers?.[serviceTier] ?? serviceTier;
  return call.host.tiers?.['default'] === undefined && call.script.serviceTier === undefined
    ? {}
    : { service_tier: tier };
}

/** The `usage` of the Responses API. */
export function responseUsage(generation: Generation) {
  return {
    input_tokens: generation.inputTokens,
    input_tokens_details: {
      cached_tokens: generation.cachedInputTokens,
      cache_write_tokens: generation.cacheWriteTokens,
    },
    output_tokens: generation.outputTokens,
    output_tokens_details: { reasoning_tokens: generation.reasoningTokens },
    total_tokens: generation.inputTokens + generation.outputTokens,
    ...generation.call.host.cost(costOf(generation)),
  };
}

/** Adds `usage` to an answer, unchanged or as the script overrides it. */
export function withUsage(
  answer: FakeJson,
  usage: FakeJson,
  override: Script['usage'],
  rest: FakeJson = {},
): FakeJson {
  if (override === 'missing') return { ...answer, ...rest };
  const sent = isRecord(override) ? { ...usage, ...override } : override;
  return { ...answer, usage: sent === undefined ? usage : sent, ...rest };
}
