import { toolChoice } from './tool-choice.ts';
import {
  below,
  type Check,
  type Fields,
  isObject,
  json,
  malformed,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
} from './wire-check.ts';

/**
 * Fields that several endpoints take, by OpenAI's own names (the `openai` package 7.57.0, 2026-11-13).
 * An endpoint rejects every other field by its name: a field of tomorrow might cost or leak.
 */
export const whole: Check = (value) => {
  if (value === null) return undefined;
  if (!Number.isSafeInteger(value)) return malformed('must be a whole number');
  return Number(value) >= 1 ? undefined : malformed('must be at least 1');
};
export const number: Check = (value) =>
  typeof value === 'number' || value === null ? undefined : malformed('must be a number');
export const flag: Check = (value) =>
  typeof value === 'boolean' || value === null ? undefined : malformed('must be true or false');
/** What a client sends about its user. The guard replaces it. */
export const clientTag: Check = (value) => {
  if (typeof value !== 'string' && value !== null) return malformed('must be a string');
  return value === null || value.length <= 512
    ? undefined
    : malformed('must have at most 512 characters');
};

/** OpenAI takes only text. A number and a flag become text if they are sent on. */
const metadataValue: Check = (value) => {
  if (typeof value === 'number' || typeof value === 'boolean') return undefined;
  return typeof value === 'string' && value.length <= 512
    ? undefined
    : malformed('must be a string of at most 512 characters, a number, true or false');
};

const metadata: Check = (value, inspection) => {
  if (value === null) return undefined;
  if (!isObject(value)) return malformed('must be an object');
  for (const key of Object.keys(value)) {
    const denial =
      key.length <= 64 ? metadataValue(value[key], inspection) : malformed('is too long a key');
    if (denial !== undefined) return below(key, denial);
  }
  return undefined;
};

/** No character that needs escaping anywhere, or that makes it read as another model's name. A path of files
 * begins with a slash: only some hosts are sent one. */
const MODEL = /^\/?[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
export const isModelId = (text: string): boolean => MODEL.test(text);
export const model: Check = (value) => {
  if (typeof value !== 'string') return malformed('must be one model id');
  return isModelId(value) ? undefined : malformed('must be one model id, written exactly');
};

const streamOptions = orNull(object({ include_usage: flag, include_obfuscation: flag }));

const serviceTier: Check = (value, { allow }) =>
  value === null ||
  value === 'auto' ||
  value === 'default' ||
  (typeof value === 'string' && allow.serviceTiers.includes(value))
    ? undefined
    : notAllowed('must be "default": the plan enables no other service tier');

/** `true` keeps an object that all users of the project can read. `false` is always sent otherwise. */
export const stateful: Check = (value, { allow }) => {
  if (value === null || value === false) return undefined;
  if (value !== true) return malformed('must be true or false');
  return allow.stateful === undefined
    ? notAllowed('would keep an object at OpenAI; the plan must enable "stateful"')
    : undefined;
};

const cacheOptions = orNull(
  object({
    mode: scalar,
    comparison_response_id: reference,
    ttl: (value) =>
      value === '30m' ? undefined : notAllowed('must be "30m": others have no known price'),
    prewarm: refused('would write the cache without an answer'),
  }),
);

/** Both have the same price (Azure's guide, 2026-10). */
const cacheRetention: Check = (value) =>
  value === null || value === 'in_memory' || value === '24h'
    ? undefined
    : notAllowed('must be "in_memory" or "24h": others have no known price');

/** Fields of chat completions and responses. */
export const generation: Fields = {
  model,
  metadata,
  moderation: orNull(object({ model: scalar, policy: json })),
  parallel_tool_calls: flag,
  prompt_cache_key: clientTag,
  prompt_cache_options: cacheOptions,
  prompt_cache_retention: cacheRetention,
  safety_identifier: clientTag,
  service_tier: serviceTier,
  store: stateful,
  stream: flag,
  temperature: number,
  tool_choice: toolChoice,
  top_logprobs: number,
  top_p: number,
  user: clientTag,
};

/** Fields of chat completions and completions. */
export const sampling: Fields = {
  frequency_penalty: number,
  logit_bias: json,
  max_tokens: whole,
  n: whole,
  presence_penalty: number,
  seed: number,
  stop: json,
  stream_options: streamOptions,
};

const isString = (value: unknown) => typeof value === 'string';
const isToken = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTokens = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(isToken);

/**
 * One string, several, one list of token ids, or several: of completions and embeddings. The first
 * element says which, and the check ends at the first one that differs.
 */
export const prompts: Check = (value) =>
  typeof value === 'string' || (Array.isArray(value) && isPromptList(value))
    ? undefined
    : malformed('must be a string, a list of strings, or token ids');

function isPromptList(list: readonly unknown[]): boolean {
  const first = list[0];
  const isKind = isString(first) ? isString : isToken(first) ? isToken : isTokens;
  return list.length > 0 && list.every(isKind);
}
