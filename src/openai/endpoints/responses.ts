import { responseEvents } from '../answer/response-events.ts';
import { responseUsage } from '../answer/usage.ts';
import { tokenBound } from '../prices/upper-bound.ts';
import { flag, generation, whole } from '../request/fields.ts';
import { inputItems, storedPrompt } from '../request/item-checks.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { responsesTools } from '../request/tool-checks.ts';
import { vendorFieldsAt } from '../request/vendor-fields.ts';
import {
  beyondText,
  type Check,
  earlierTurns,
  isObject,
  json,
  listOf,
  malformed,
  notAllowed,
  object,
  orNull,
  refused,
  text,
  textOr,
} from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const reasoning = object({
  effort: text,
  summary: text,
  generate_summary: text,
  context: text,
  mode: beyondText((value) =>
    value === null || value === 'standard'
      ? undefined
      : notAllowed('must be "standard": others have no known price'),
  ),
});

const INCLUDABLE: ReadonlySet<unknown> = new Set([
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
]);

const includable: Check = (value) =>
  INCLUDABLE.has(value) ? undefined : malformed('is not known');

/** The answer would be kept at OpenAI, where only its owner may read it, and it is not known who that is. */
const background: Check = (value) => {
  if (value === null || value === false) return undefined;
  return value === true
    ? notAllowed('is not accepted: the answer could not be fetched here; use "stream" instead')
    : malformed('must be true or false');
};

/** `auto` is what OpenAI does without it. */
const compression: Check = (value) =>
  value === null || value === 'auto'
    ? undefined
    : notAllowed('must be "auto": how others change the price is not published');

/** What Codex says about its session. It names the client, so it is not sent on. */
const clientMetadata: Check = (value) =>
  value === null || isObject(value) ? undefined : malformed('must be an object');

const fields = {
  ...generation,
  ...vendorFieldsAt('responses'),
  access_programs: refused('belongs to the account'),
  background,
  background_options: refused('belongs to "background", which is not accepted'),
  context_management: refused('would run the model once more; compaction is not accepted'),
  client_metadata: clientMetadata,
  conversation: earlierTurns,
  image: orNull(object({ context_compression: compression })),
  include: orNull(listOf(includable)),
  input: textOr(inputItems),
  instructions: text,
  max_output_tokens: whole,
  max_tool_calls: whole,
  multi_agent: refused('would run several agents, and nothing bounds their cost'),
  previous_response_id: earlierTurns,
  prompt: orNull(storedPrompt),
  reasoning: orNull(reasoning),
  // Codex also says in which order summaries come.
  stream_options: orNull(object({ include_obfuscation: flag, reasoning_summary_delivery: text })),
  text: json,
  tools: orNull(responsesTools),
  truncation: text,
};

export const responses: UpstreamDescriptor = {
  name: 'responses',
  method: 'POST',
  path: '/responses',
  // `client.beta.responses` of the official SDK.
  ignoredQuery: ['beta'],
  body: jsonBody(fields),
  outputCap: { field: 'max_output_tokens', spellings: ['max_output_tokens'], least: 16 },
  hostedCallsField: 'max_tool_calls',
  // Its fields: `InputTokenCountParams` of the `openai` package 7.57.0 (2026-11-13), without those that name
  // what is stored. OpenAI states no price for it (guide "Counting tokens", 2026-06).
  inputCount: {
    path: '/responses/input_tokens',
    fields: [
      'model',
      'input',
      'instructions',
      'parallel_tool_calls',
      'reasoning',
      'text',
      'tool_choice',
      'tools',
      'truncation',
    ],
  },
  tiered: true,
  storable: 'kept',
  endUserId: { field: 'safety_identifier' },
  readsPrompt: true,
  bound: tokenBound,
  usage: responseUsage,
  stream: responseEvents,
};
