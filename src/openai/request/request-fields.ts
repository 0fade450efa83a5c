import { z } from 'zod';
import type { EndpointName } from '../endpoints.ts';
import { moderationInput } from './content-checks.ts';
import { chatMessages, inputItems, storedPrompt } from './item-checks.ts';
import { chatTools, responsesTools, webSearchOptions } from './tool-checks.ts';
import {
  type Check,
  type Fields,
  is,
  json,
  listOf,
  malformed,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
  text,
  textOr,
} from './wire-check.ts';

/**
 * The fields that each endpoint takes, by OpenAI's own names (the `openai` package 7.57.0,
 * 2026-11-13). What is not here is refused by its name: a field of tomorrow might cost or leak.
 */
const whole: Check = (value) => {
  if (!Number.isSafeInteger(value)) return malformed('must be a whole number');
  return Number(value) >= 1 ? undefined : malformed('must be at least 1');
};
const number: Check = (value) =>
  typeof value === 'number' || value === null ? undefined : malformed('must be a number');
const flag: Check = (value) =>
  typeof value === 'boolean' || value === null ? undefined : malformed('must be true or false');
/** What a client says of its user; the guard knows better. */
const clientTag = is(z.string('must be a text').max(512).nullable());
const metadata = is(z.record(z.string().max(64), z.string().max(512)).nullable());

/** Nothing that needs escaping anywhere, or that reads as another model's name. */
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const model: Check = (value) => {
  if (typeof value !== 'string') return malformed('must be one model id');
  return MODEL.test(value) ? undefined : malformed('must be one model id, written exactly');
};

const streamOptions = orNull(object({ include_usage: flag, include_obfuscation: flag }));
const eventOptions = orNull(object({ include_obfuscation: flag }));

const serviceTier: Check = (value, { allow }) =>
  value === null ||
  value === 'auto' ||
  value === 'default' ||
  (typeof value === 'string' && allow.serviceTiers.includes(value))
    ? undefined
    : notAllowed('must be "default": the plan enables no other service tier');

/** False is what leaves anyhow; true keeps an object that all users of the project could read. */
const stateful: Check = (value, { allow }) => {
  if (value === null || value === false) return undefined;
  if (value !== true) return malformed('must be true or false');
  return allow.stateful === undefined
    ? notAllowed('would keep an object at OpenAI; the plan must enable "stateful"')
    : undefined;
};

const modalities: Check = (value, { allow }) =>
  !allow.audioOutput && Array.isArray(value) && value.some((item) => item !== 'text')
    ? notAllowed('must be ["text"]: the plan does not enable "audioOutput"')
    : undefined;

const audio: Check = (value, inspection) =>
  inspection.allow.audioOutput
    ? voice(value, inspection)
    : notAllowed('needs "audioOutput", which the plan does not enable');
const voice = object({ format: scalar, voice: textOr(reference) });

const cacheOptions = orNull(
  object({
    mode: scalar,
    comparison_response_id: reference,
    ttl: (value) =>
      value === '30m' ? undefined : notAllowed('must be "30m": others have no known price'),
    prewarm: refused('would write the cache without an answer'),
  }),
);

const moderation = orNull(object({ model: scalar, policy: json }));

const common: Fields = {
  model,
  metadata,
  moderation,
  parallel_tool_calls: flag,
  prompt_cache_key: clientTag,
  prompt_cache_options: cacheOptions,
  prompt_cache_retention: text,
  safety_identifier: clientTag,
  service_tier: serviceTier,
  store: stateful,
  stream: flag,
  stream_options: streamOptions,
  temperature: number,
  tool_choice: json,
  top_logprobs: number,
  top_p: number,
  user: clientTag,
};

const sampling: Fields = {
  frequency_penalty: number,
  logit_bias: json,
  max_tokens: whole,
  n: whole,
  presence_penalty: number,
  seed: number,
  stop: json,
};

const chat: Fields = {
  ...common,
  ...sampling,
  audio: orNull(audio),
  function_call: json,
  functions: json,
  logprobs: flag,
  max_completion_tokens: whole,
  messages: chatMessages,
  modalities,
  prediction: refused('is billed beyond the output cap; predictions are not accepted'),
  reasoning_effort: text,
  response_format: json,
  tools: orNull(chatTools),
  verbosity: text,
  web_search_options: orNull(webSearchOptions),
};

const reasoning = object({
  effort: text,
  summary: text,
  generate_summary: text,
  context: text,
  mode: (value) =>
    value === null || value === 'standard'
      ? undefined
      : notAllowed('must be "standard": others have no known price'),
});

const includable = z.enum(
  [
    'file_search_call.results',
    'web_search_call.results',
    'web_search_call.action.sources',
    'message.input_image.image_url',
    'computer_call_output.output.image_url',
    'code_interpreter_call.outputs',
    'reasoning.encrypted_content',
    'message.output_text.logprobs',
  ],
  'is not known',
);

const responses: Fields = {
  ...common,
  access_programs: refused('belongs to the account'),
  background: stateful,
  context_management: refused('would run the model once more; compaction is not accepted'),
  conversation: reference,
  image: refused('is not accepted here'),
  include: orNull(listOf(is(includable))),
  input: textOr(inputItems),
  instructions: text,
  max_output_tokens: whole,
  max_tool_calls: whole,
  previous_response_id: reference,
  prompt: orNull(storedPrompt),
  reasoning: orNull(reasoning),
  stream_options: eventOptions,
  text: json,
  tools: orNull(responsesTools),
  truncation: text,
};

const token = z.int().min(0);
/** One text, several, one list of token ids, or several. */
const prompts = z.union(
  [
    z.string(),
    z.array(z.string()).min(1),
    z.array(token).min(1),
    z.array(z.array(token).min(1)).min(1),
  ],
  'must be a text, a list of texts, or token ids',
);

const completions: Fields = {
  ...sampling,
  best_of: whole,
  echo: flag,
  logprobs: number,
  model,
  prompt: is(prompts),
  stream: flag,
  stream_options: streamOptions,
  suffix: text,
  temperature: number,
  top_p: number,
  user: clientTag,
};

const EMBEDDING_INPUTS_MAX = 2_048;

const embeddings: Fields = {
  dimensions: whole,
  encoding_format: text,
  input: is(
    prompts.refine(
      (input) =>
        typeof input === 'string' ||
        typeof input[0] === 'number' ||
        input.length <= EMBEDDING_INPUTS_MAX,
      `must be at most ${EMBEDDING_INPUTS_MAX} texts`,
    ),
  ),
  model,
  user: clientTag,
};

const moderations: Fields = { input: textOr(moderationInput), model };

const fixedByPlan: Check = (value, { allow }) =>
  value === allow.realtime?.session.type || value === allow.realtime?.session.model
    ? undefined
    : notAllowed('is fixed by the plan');

const clientSecrets: Fields = {
  expires_after: orNull(object({ anchor: is(z.literal('created_at')), seconds: whole })),
  session: orNull(object({ type: fixedByPlan, model: fixedByPlan })),
};

/** What an endpoint accepts, and without which fields there is nothing to send. */
export interface RequestShape {
  readonly check: Check;
  readonly required: readonly string[];
}

const shape = (fields: Fields, ...required: string[]): RequestShape => ({
  check: object(fields),
  required,
});

const shapes: ReadonlyMap<EndpointName, RequestShape> = new Map([
  ['chat.completions', shape(chat, 'messages')],
  ['responses', shape(responses)],
  ['completions', shape(completions, 'prompt')],
  ['embeddings', shape(embeddings, 'input')],
  ['moderations', shape(moderations, 'input')],
  ['realtime.client_secrets', shape(clientSecrets)],
]);

/** TypeError when the endpoint takes no body. */
export function requestShape(endpoint: EndpointName): RequestShape {
  const found = shapes.get(endpoint);
  if (found === undefined) throw new TypeError(`"endpoint": "${endpoint}" takes no body`);
  return found;
}
