import { chatChunks } from '../answer/chunks.ts';
import { chatUsage } from '../answer/usage.ts';
import { tokenBound } from '../prices/upper-bound.ts';
import { flag, generation, sampling, whole } from '../request/fields.ts';
import { chatWebSearch } from '../request/hosted-tool-checks.ts';
import {
  audioPart,
  fileData,
  imageUrlPart,
  partFields,
  refusalPart,
  textPart,
} from '../request/media-checks.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { vendorFieldsAt } from '../request/vendor-fields.ts';
import {
  beyondText,
  type Check,
  json,
  kindOf,
  listOf,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
  text,
  textOr,
} from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const file = object({ file_data: orNull(fileData), filename: text, file_id: reference });
const parts = kindOf(
  'type',
  {
    text: textPart,
    refusal: refusalPart,
    image_url: imageUrlPart,
    input_audio: audioPart,
    file: object({ ...partFields, file }),
  },
  'parts',
);

const message = object({
  ...vendorFieldsAt('message'),
  role: scalar,
  content: textOr(listOf(parts)),
  name: text,
  refusal: text,
  tool_calls: json,
  tool_call_id: text,
  function_call: json,
  // Text that comes back with each answer that is sent on.
  annotations: json,
  // The helpers of the official SDK send their parsed answer back with it.
  parsed: json,
  audio: orNull(object({ id: reference, data: refused('send the transcript instead') })),
});

/** Chat only knows tools that the caller runs. */
const tools = kindOf(
  'type',
  {
    function: object({
      type: scalar,
      function: object({ name: text, description: text, parameters: json, strict: scalar }),
    }),
    custom: beyondText(
      object({ type: scalar, custom: object({ name: text, description: text, format: json }) }),
    ),
  },
  'tools',
);

const modalities: Check = (value, { allow }) =>
  !allow.audioOutput && Array.isArray(value) && value.some((item) => item !== 'text')
    ? notAllowed('must be ["text"]: the plan does not enable "audioOutput"')
    : undefined;

const voice = object({ format: scalar, voice: textOr(reference) });
const audio: Check = (value, inspection) =>
  inspection.allow.audioOutput
    ? voice(value, inspection)
    : notAllowed('needs "audioOutput", which the plan does not enable');

const fields = {
  ...generation,
  ...sampling,
  ...vendorFieldsAt('chat'),
  audio: orNull(audio),
  function_call: json,
  functions: json,
  logprobs: flag,
  max_completion_tokens: whole,
  messages: listOf(message),
  modalities,
  prediction: refused('is billed beyond the output cap; predictions are not accepted'),
  reasoning_effort: text,
  response_format: json,
  tools: orNull(listOf(tools)),
  verbosity: text,
  // The hosted tool of the Responses API, without a `type`.
  web_search_options: orNull(chatWebSearch),
};

export const chatCompletions: UpstreamDescriptor = {
  name: 'chat.completions',
  method: 'POST',
  path: '/chat/completions',
  body: jsonBody(fields, 'messages'),
  outputCap: {
    field: 'max_completion_tokens',
    spellings: ['max_completion_tokens', 'max_tokens'],
    least: 1,
    choices: ['n'],
  },
  tiered: true,
  storable: 'forgotten',
  endUserId: { field: 'safety_identifier' },
  readsPrompt: true,
  bound: tokenBound,
  usage: chatUsage,
  stream: chatChunks,
};
