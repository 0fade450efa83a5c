import { baseModel } from '../prices/model-names.ts';

/**
 * The context of each model in tokens, by the names without date. OpenAI refuses a request with more input.
 * Source: the `context_window` of `@pydantic/genai-prices` 0.1.8 (2026-09). Those of about a million are
 * raised to the largest.
 */
const contexts: readonly (readonly [number, string])[] = [
  [128_000, 'gpt-4o gpt-4o-mini gpt-4-turbo gpt-audio gpt-audio-mini gpt-audio-1.5'],
  [200_000, 'o1 o1-pro o3 o3-mini o3-pro o4-mini'],
  [400_000, 'gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro gpt-5.1 gpt-5.2 gpt-5.2-pro gpt-5.3-codex'],
  [400_000, 'gpt-5-codex gpt-5.1-codex gpt-5.1-codex-mini gpt-5.4-mini gpt-5.4-nano'],
  [400_000, 'gpt-5-chat-latest gpt-5.1-chat-latest gpt-5.2-chat-latest'],
  [1_050_000, 'gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-5.4 gpt-5.4-pro gpt-5.5 gpt-5.5-pro gpt-5.6'],
  [1_050_000, 'gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-6-astra gpt-6-sol gpt-6-luna'],
];

const byModel: ReadonlyMap<string, number> = new Map(
  contexts.flatMap(([tokens, names]) => names.split(' ').map((name) => [name, tokens] as const)),
);

/** Returns the most input tokens that one request to a model can have; `undefined` if it is not known. */
export function contextTokens(model: string): number | undefined {
  return byModel.get(baseModel(model));
}
