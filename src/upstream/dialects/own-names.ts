/** Names of the output cap on any endpoint. The guard sets one of them. */
export const capNames: ReadonlySet<string> = new Set([
  'max_completion_tokens',
  'max_tokens',
  'max_output_tokens',
]);

/** Where OpenAI reads the end-user id. The guard sets one of them. */
export const endUserNames: ReadonlySet<string> = new Set(['safety_identifier', 'user']);

/** What an absent field means to OpenAI. Another host need not know such a field to mean the same. */
const defaults: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['n', 1],
  ['best_of', 1],
  ['echo', false],
  ['stream', false],
  ['logprobs', false],
  ['top_logprobs', 0],
  ['frequency_penalty', 0],
  ['presence_penalty', 0],
  ['parallel_tool_calls', true],
  ['tool_choice', 'auto'],
  ['truncation', 'disabled'],
  ['verbosity', 'medium'],
]);

/** Hints about OpenAI's cache, without which an answer is the same. */
const hints: ReadonlySet<string> = new Set([
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
]);

/** Whether leaving the field out changes no answer. */
export const isOmissible = (name: string, value: unknown): boolean =>
  hints.has(name) || (defaults.has(name) && defaults.get(name) === value);
